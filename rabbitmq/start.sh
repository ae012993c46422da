#!/usr/bin/env bash
# Starts a RabbitMQ broker in the foreground, on a machine without Docker; Ctrl-C stops it cleanly. Its data are kept.
#
#   start.sh [--series 4.3|4.0|3.10] [--port 5672] [--data DIR]
#
# It listens on 127.0.0.1 only: AMQP on the port, the management pages on that port + 10000, and Erlang's own
# connections on that port + 20000 and + 1000. Needs root, and installs the server with install.sh where it is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache="${WARREN_RABBITMQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/warren/rabbitmq"
series=4.3 port=5672 data=

fail() {
  echo "rabbitmq/start.sh: $*" >&2
  exit 1
}

while (($# > 0)); do
  case $1 in
    --series) series=${2:?"$1 needs a value"} ;;
    --port) port=${2:?"$1 needs a value"} ;;
    --data) data=${2:?"$1 needs a value"} ;;
    *) fail "Unknown option $1; it takes --series, --port and --data." ;;
  esac
  shift 2
done
[[ $port =~ ^[0-9]+$ ]] && ((port > 0 && port <= 45535)) || fail "--port must be a number from 1 to 45535, not $port."

"$here/install.sh" "$series"
[[ $(id -u) == 0 ]] || fail "Run this as root, or start Docker and use docker-compose.yml: the broker gets a root folder of its own."

data=$(realpath -m "${data:-$cache/data-$series}")
mkdir -p "$data/definitions"
exec 9>"$data/.lock"
flock -n 9 || fail "A broker is already running on $data; stop it, or choose another folder with --data."
# A port that answers belongs to another broker, which would be mistaken for this one.
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then fail "Port $port is in use; choose another one with --port."; fi

cp "$here/enabled_plugins" "$data/"
cp "$here/guest.json" "$data/definitions/10-guest.json"
cp "$here/definitions.json" "$data/definitions/20-topology.json"
{
  cat "$here/rabbitmq.conf"
  printf '\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %d\n' $((port + 10000))
} >"$data/rabbitmq.conf"

export BROKER_ROOT="$cache/$series" BROKER_DATA="$data" RABBITMQ_NODENAME=warren@localhost
export RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$((port + 20000)) ERL_EPMD_PORT=$((port + 1000))
rm -f "$data/pid"
"$here/run.sh" rabbitmq-server >"$data/broker.log" 2>&1 </dev/null &
server=$!

stop() {
  trap '' INT TERM
  echo "Stopping RabbitMQ; its data stay in $data."
  if [[ -s $data/pid ]]; then kill -TERM "$(cat "$data/pid")" 2>/dev/null; fi
  wait "$server"
  exit 0
}
trap stop INT TERM

answers() {
  # The first byte of the broker's answer to a protocol header is that of a method frame.
  [[ $(exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'AMQP\0\0\11\1' >&3 && head -c 1 <&3) == $'\1' ]] 2>/dev/null
}

echo "Starting RabbitMQ $series; it takes about 5 s, and its log is $data/broker.log."
until answers 2>/dev/null; do
  if ! kill -0 "$server" 2>/dev/null; then
    tail -n 20 "$data/broker.log" >&2
    fail "RabbitMQ $series did not start; its log is $data/broker.log."
  fi
  sleep 0.2
done
echo "amqp://guest:guest@127.0.0.1:$port is ready, and http://127.0.0.1:$((port + 10000)) to look at it (guest, guest). Ctrl-C stops it."
wait "$server" || fail "RabbitMQ $series has ended by itself; its log is $data/broker.log."
