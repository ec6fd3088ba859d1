#!/bin/sh
# Makes the databases on the first start, then becomes H2's server, by its own protocol and by PostgreSQL's; arguments are
# options of the server.
#   H2         the program
#   H2_DATA    folder of the databases
#   H2_SET_UP  folder: NAME.sql is run once in the new database NAME, by its first user, sa without a password
set -eu
umask 077

for script in "$H2_SET_UP"/*.sql; do
  name=$(basename "$script" .sql)
  [ -e "$H2_DATA/$name.mv.db" ] && continue
  # A first start that was killed is begun again from nothing: a database has its place only once it is whole.
  rm -rf "$H2_DATA/new"
  java -cp "$H2" org.h2.tools.RunScript -script "$script" -user sa \
    -url "jdbc:h2:$H2_DATA/new/$name;MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH"
  mv "$H2_DATA/new/$name.mv.db" "$H2_DATA"
done
exec java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$H2" org.h2.tools.Server -tcp -pg -baseDir "$H2_DATA" "$@"
