#!/usr/bin/env bash
# Runs one program of a RabbitMQ server, rabbitmq-server, rabbitmqctl or epmd, in the foreground.
#
#   run.sh PROGRAM [ARGUMENT...]
#
# It reads, from the environment:
#   BROKER_DATA         the folder for all that the broker writes; also holds its rabbitmq.conf and enabled_plugins, if any.
#                       BROKER_DATA/pid is the server's process id: SIGTERM stops it cleanly. What runs as one cluster
#                       has the same .erlang.cookie in it, and shares an epmd that was started for all.
#   BROKER_ROOT         a server's root, made by install.sh (needs root); without it, the programs on PATH are run
#   RABBITMQ_NODENAME, RABBITMQ_NODE_PORT, RABBITMQ_DIST_PORT, ERL_EPMD_PORT
#
# The server never outlives the process that started this script, not even one that is killed, and takes its epmd along.
set -euo pipefail

: "${BROKER_DATA:?}" "${RABBITMQ_NODENAME:?}" "${ERL_EPMD_PORT:?}"

# Only this machine may connect, be it by AMQP, by Erlang's distribution or to epmd.
export RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
export RABBITMQ_CTL_ERL_ARGS="$RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"
# The log goes to standard output. A machine's own rabbitmq-env.conf must not change any of this.
export RABBITMQ_LOGS=- RABBITMQ_CONF_ENV_FILE=/dev/null LC_ALL=C.UTF-8
# Makes the start script become the Erlang machine instead of its parent, so that the process id stays the same.
export RUNNING_UNDER_SYSTEMD=true
# Ctrl-C reaches the server too, which must leave the clean stop to whoever started it.
export RABBITMQ_SERVER_START_ARGS='+B i'
# Schedulers that spin for a moment before they sleep, and that are not bound to cores which other brokers want too:
# on a virtual machine with two cores a broker is up in 3 to 5 s instead of 10 to 17 s.
export RABBITMQ_SCHEDULER_BUSY_WAIT_THRESHOLD=very_short RABBITMQ_SCHEDULER_BIND_TYPE=u

# The settings that name folders, as the server sees them. HOME is where the Erlang cookie is.
use_folders() { # DATA CONFIG
  export HOME="$1" RABBITMQ_MNESIA_BASE="$1/mnesia" RABBITMQ_LOG_BASE="$1/log"
  export RABBITMQ_CONFIG_FILE="$2/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$2/enabled_plugins"
}

# Runs as the first process of a PID namespace of its own, and with mounts of its own: both vanish with that process.
run_in_root() {
  if [[ $1 != rabbitmqctl ]]; then
    # This /proc is still the machine's: it says the process id that the machine knows, while $$ is 1.
    read -r pid _ </proc/self/stat
    echo "$pid" >"$BROKER_DATA/pid"
  fi
  mount --bind -o ro "$BROKER_ROOT" "$BROKER_ROOT"
  mount -t proc proc "$BROKER_ROOT/proc"
  mount --rbind /dev "$BROKER_ROOT/dev"
  mount -t tmpfs tmpfs "$BROKER_ROOT/tmp"
  mount --bind /etc/hosts "$BROKER_ROOT/etc/hosts"
  mount --bind "$BROKER_DATA" "$BROKER_ROOT/var/lib/rabbitmq"
  mount --bind "$BROKER_DATA" "$BROKER_ROOT/etc/rabbitmq"
  use_folders /var/lib/rabbitmq /etc/rabbitmq
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin
  if [[ $1 == rabbitmq-server ]]; then chroot "$BROKER_ROOT" chown -R rabbitmq:rabbitmq /var/lib/rabbitmq; fi
  # A change of user clears the signal that unshare set for its own death; it is set again after the change.
  local program="/usr/lib/rabbitmq/bin/$1"
  if [[ $1 == epmd ]]; then program=/usr/bin/epmd; fi
  exec chroot "$BROKER_ROOT" setpriv --reuid rabbitmq --regid rabbitmq --clear-groups --pdeathsig KILL \
    "$program" "${@:2}" </dev/null
}

# Kills the server and its epmd as soon as standard input ends, which whoever started this script holds open.
watch_parent() {
  cat >/dev/null
  kill -KILL $$ || true
  for _ in 1 2 3 4 5; do epmd -kill && break || sleep 0.2; done
}

run_from_path() {
  use_folders "$BROKER_DATA" "$BROKER_DATA"
  if [[ $1 != rabbitmqctl ]]; then
    echo $$ >"$BROKER_DATA/pid"
    watch_parent <&0 &>/dev/null &
  fi
  # Debian's rabbitmq-server on PATH is a wrapper that starts another session as another user.
  if [[ -x /usr/lib/rabbitmq/bin/$1 ]]; then PATH="/usr/lib/rabbitmq/bin:$PATH"; fi
  exec "$@" </dev/null
}

if [[ $1 == --in-namespaces ]]; then
  run_in_root "${@:2}"
elif [[ -n ${BROKER_ROOT:-} ]]; then
  exec setpriv --pdeathsig KILL \
    unshare --mount --pid --fork --kill-child=KILL "$BASH" "${BASH_SOURCE[0]}" --in-namespaces "$@"
else
  run_from_path "$@"
fi
