#!/usr/bin/env bash
# Puts real RabbitMQ servers in a cache folder, for the tests and for start.sh, on a machine without Docker:
#
#   install.sh [SERIES...]     3.10 (Debian bookworm's package), 4.0 (trixie's), 4.3 (forky's); 3.10 and 4.3 by default
#
# Each becomes a small Debian system of its own in ${XDG_CACHE_HOME:-~/.cache}/warren/rabbitmq/SERIES (300 MB) that run.sh
# changes its root to. Nothing is installed on the machine itself but debootstrap, and nothing is started.
# WARREN_RABBITMQ_CACHE names another folder instead of ${XDG_CACHE_HOME:-~/.cache}.
set -euo pipefail

cache="${WARREN_RABBITMQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/warren/rabbitmq"

say() { echo "rabbitmq/install.sh: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

suite_of() { # SERIES
  case $1 in
    3.10) echo bookworm ;;
    4.0) echo trixie ;;
    4.3) echo forky ;;
    *) fail "There is no RabbitMQ $1 to install, only 3.10, 4.0 and 4.3." ;;
  esac
}

install_debootstrap() {
  if [[ -x /usr/sbin/debootstrap && -e /usr/share/keyrings/debian-archive-keyring.gpg ]]; then return; fi
  say "installing debootstrap through apt-get"
  # Lists that cannot be fetched do not matter as long as debootstrap can be installed.
  apt-get update -qq >/dev/null || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    debootstrap debian-archive-keyring wget ca-certificates >/dev/null ||
    fail "Could not install debootstrap; run \`apt-get install debootstrap\`, then this again."
}

# Debian's main archive as apt is told to reach it here, whichever format its sources are in; else Debian's own address.
mirrors() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v codename="$codename" '$1 ~ /^https?:.*\/debian\/?$/ && $2 == codename && $3 == "main" { print $1 }' | sort -u
  echo http://deb.debian.org/debian
}

mirror_with() { # SUITE
  local mirror
  for mirror in $(mirrors); do
    if wget -q -O /dev/null --timeout 20 --tries 2 "${mirror%/}/dists/$1/InRelease"; then
      echo "${mirror%/}"
      return
    fi
  done
  fail "No Debian mirror with $1 answers; check the network and the proxy of this machine."
}

install_series() { # SERIES
  local root="$cache/$1" part="$cache/$1.part" log="$cache/$1.log" suite mirror started=$SECONDS
  suite=$(suite_of "$1")
  mirror=$(mirror_with "$suite")
  say "bootstrapping RabbitMQ $1 from $mirror ($suite): a download of about 90 MB, then one to two minutes"
  rm -rf "$part"
  mkdir -p "$part"
  # In namespaces of its own, so that no mount and no process is left behind. Any newer release is bootstrapped like sid.
  if ! setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --mount-proc \
    debootstrap --variant=minbase --include=rabbitmq-server \
    "$suite" "$part" "$mirror" /usr/share/debootstrap/scripts/sid >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    fail "debootstrap could not install RabbitMQ $1; its whole log is $log."
  fi
  rm -f "$part"/var/cache/apt/archives/*.deb "$log"
  # Without it, the node does not find the machine's own name.
  cp /etc/hosts "$part/etc/hosts"
  mv "$part" "$root"
  say "RabbitMQ $1 is in $root after $((SECONDS - started)) s"
}

if (($# == 0)); then set -- 4.3 3.10; fi
missing=()
for series in "$@"; do
  suite_of "$series" >/dev/null
  if [[ ! -d $cache/$series ]]; then missing+=("$series"); fi
done
if ((${#missing[@]} == 0)); then exit 0; fi

if [[ $(id -u) != 0 || ! -e /etc/debian_version ]] || ! command -v apt-get >/dev/null; then
  fail "Start Docker, or run this as root on Debian or Ubuntu, where it can install RabbitMQ itself."
fi

mkdir -p "$cache"
exec 9>"$cache/.lock"
if ! flock -n 9; then
  say "waiting for another installation to finish"
  flock 9
fi

eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
export http_proxy https_proxy
install_debootstrap
jobs=()
trap 'kill "${jobs[@]}" 2>/dev/null; exit 130' INT TERM
for series in "${missing[@]}"; do
  if [[ -d $cache/$series ]]; then continue; fi
  install_series "$series" &
  jobs+=($!)
done
status=0
for job in "${jobs[@]}"; do wait "$job" || status=1; done
exit $status
