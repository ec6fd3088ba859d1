#!/bin/sh
# Makes the data folder on the first start, then becomes the server; arguments are options of it.
#   /set-up/users.sql  is run at each start, before anybody is let in: one statement a line
set -eu
umask 077
data=/var/lib/mysql/data
share=/usr/share/mariadb

# A first start that was killed is begun again from nothing: the mark says that the data folder is whole.
if [ ! -e "$data.is-whole" ]; then
  rm -rf "$data"
  mkdir "$data"
  {
    # One statement a line: that is all the server reads of a line then.
    echo 'CREATE DATABASE mysql;'
    echo 'USE mysql;'
    cat "$share/mariadb_system_tables.sql" "$share/mariadb_performance_tables.sql" "$share/mariadb_system_tables_data.sql"
  } | mariadbd --no-defaults --bootstrap --datadir="$data"
  touch "$data.is-whole"
fi
exec mariadbd --no-defaults --datadir="$data" --socket=/tmp/mysql.sock --pid-file=/tmp/mysql.pid --bind-address='*' \
  --init-file=/set-up/users.sql "$@"
