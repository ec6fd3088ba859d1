#!/bin/sh
# Makes the database cluster on the first start, then becomes the server.
#   POSTGRES_PASSWORD           the superuser's password
#   POSTGRES_TLS_CERT, _KEY     files, to serve TLS beside plain connections
#   /docker-entrypoint-initdb.d/*.sql is run once, while the server listens on its socket alone
set -eu
umask 077

# A first start that was killed is begun again from nothing: the mark says that a database cluster is whole.
whole="$PGDATA/.set-up-is-done"
if [ ! -e "$whole" ]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" -mindepth 1 -delete
  passwords=$(mktemp)
  printf '%s\n' "${POSTGRES_PASSWORD:?the password of the superuser}" >"$passwords"
  initdb --username=postgres --pwfile="$passwords" --encoding=UTF8 --auth-local=trust --auth-host=scram-sha-256 --no-sync
  rm "$passwords"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl --wait --options="-c listen_addresses='' -c fsync=off" start
  for script in /docker-entrypoint-initdb.d/*.sql; do
    [ -e "$script" ] || continue
    echo "running $script"
    psql --username=postgres --no-psqlrc --set=ON_ERROR_STOP=1 --file="$script"
  done
  pg_ctl --wait --mode=fast stop
  touch "$whole"
fi

# With an fsGroup the kubelet opens the volume to the group on each mount, which the server would refuse.
chmod 0700 "$PGDATA"
[ "$1" = postgres ] || exec "$@"
shift
if [ -n "${POSTGRES_TLS_CERT:-}" ]; then
  set -- -c ssl=on -c "ssl_cert_file=$POSTGRES_TLS_CERT" -c "ssl_key_file=$POSTGRES_TLS_KEY" "$@"
fi
exec postgres -c "listen_addresses=*" "$@"
