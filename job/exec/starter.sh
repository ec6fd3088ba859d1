# Runs the administrator's command when the worker says so, and once for each time it does. A static busybox runs this
# in the administrator's own image, which need not have a shell.
#
#   starter.sh FOLDER PROGRAM ARGUMENTS…
#
# FOLDER is shared with the worker. For run N, from 1:
#   N.go         the worker: NAME=VALUE lines of the environment; the command starts
#   N.started    this script: the command is about to start, so it is never started again for N
#   N.output     what the command writes, its first 300 pieces of 4 KiB at most
#   N.artefacts  the command: names of what it has made, a line each
#   N.stop       the worker: the command has to end
#   N.ended      this script: `exit CODE`, `failed REASON`, or `lost` where this container was restarted meanwhile
#   ready        this script: empty, or why the command cannot run
box=${0%/*}/busybox
folder=$1
shift
umask 0
most=300

put() {
  printf '%s\n' "$2" >"$folder/$1.new"
  "$box" mv "$folder/$1.new" "$folder/$1"
}

# The program's path, so that no applet of busybox is taken for a program of the image.
program=
case $1 in
*/*) [ -f "$1" ] && [ -x "$1" ] && program=$1 ;;
*)
  IFS=:
  for place in $PATH; do
    [ -z "$program" ] && [ -f "$place/$1" ] && [ -x "$place/$1" ] && program=$place/$1
  done
  unset IFS
  ;;
esac
name=$1
shift

group=
watcher=
finish() {
  [ -z "$group" ] && return
  kill -TERM -"$group" 2>/dev/null
  "$box" sleep "${STARTER_GRACE:-5}"
  kill -KILL -"$group" 2>/dev/null
}
trap 'finish; [ -z "$watcher" ] || kill "$watcher" 2>/dev/null; exit 0' TERM INT

run() {
  : >"$folder/$number.started"
  "$box" mkfifo "$folder/$number.pipe"
  {
    # what is written is there at once, which `head -c` would hold back
    "$box" dd bs=4096 count="$most" 2>/dev/null >"$folder/$number.output"
    "$box" cat >/dev/null
  } <"$folder/$number.pipe" &
  reader=$!
  (
    exec >"$folder/$number.pipe" 2>&1 </dev/null
    while IFS= read -r line; do export "$line"; done <"$folder/$number.go"
    exec "$box" setsid "$program" "$@"
  ) &
  group=$!
  (
    until [ -e "$folder/$number.stop" ]; do "$box" sleep 0.2 || exit 1; done
    finish
  ) &
  watcher=$!
  wait "$group"
  code=$?
  kill -KILL -"$group" 2>/dev/null
  kill "$watcher" 2>/dev/null
  group=
  watcher=
  wait "$reader"
  put "$number.ended" "exit $code"
}

number=1
while [ -e "$folder/$number.started" ]; do
  [ -e "$folder/$number.ended" ] || put "$number.ended" lost
  number=$((number + 1))
done
if [ -n "$program" ]; then put ready ''; else put ready "the image has no program $name"; fi
while :; do
  until [ -e "$folder/$number.go" ]; do "$box" sleep 0.2 || exit 1; done
  if [ -n "$program" ]; then run "$@"; else put "$number.ended" "failed the image has no program $name"; fi
  number=$((number + 1))
done
