# Runs the administrator's command when the worker says so, and once for each time it does. A static busybox runs this
# in the administrator's own image, which need not have a shell.
#
#   starter.sh FOLDER PROGRAM ARGUMENTS…
#
# FOLDER is shared with the worker. For run N, from 1:
#   N.go         the worker: NAME=VALUE lines of the environment; the command starts
#   N.started    this script: the command is about to start, so it is never started again for N
#   N.output     what the command writes: its first 300 pieces of 4 KiB at most, then its last 8 KiB
#   N.artefacts  the command: names of what it has made, a line each
#   N.stop       the worker: the command has to end, or must not start any more
#   N.ended      this script: `exit CODE`, `failed REASON`, or `lost` where this container was restarted meanwhile
#   ready        this script, while no command runs and as often as the worker removes it: empty, or why none can run
#
# Names of variables begin with `our_`: any other may be one of the command's own, and would reach it changed.
our_box=${0%/*}/busybox
our_folder=$1
shift
umask 0

put() {
  printf '%s\n' "$2" >"$our_folder/$1.new"
  "$our_box" mv "$our_folder/$1.new" "$our_folder/$1"
}

# The program's path, so that no applet of busybox is taken for a program of the image.
our_program=
case $1 in
*/*) [ -f "$1" ] && [ -x "$1" ] && our_program=$1 ;;
*)
  IFS=:
  for our_place in $PATH; do
    [ -z "$our_program" ] && [ -f "$our_place/$1" ] && [ -x "$our_place/$1" ] && our_program=$our_place/$1
  done
  unset IFS
  ;;
esac
our_trouble=
[ -n "$our_program" ] || our_trouble="the image has no program $1"
shift

our_group=
our_watcher=
finish() {
  [ -z "$our_group" ] && return
  kill -TERM -"$our_group" 2>/dev/null
  "$our_box" sleep "${STARTER_GRACE:-5}"
  kill -KILL -"$our_group" 2>/dev/null
}
trap 'finish; [ -z "$our_watcher" ] || kill "$our_watcher" 2>/dev/null; exit 0' TERM INT

# What is written is there at once, which `head -c` would hold back; the end tells why a command failed.
keep_output() {
  "$our_box" dd bs=4096 count=300 2>/dev/null
  our_last=$("$our_box" tail -c 8192)
  [ -z "$our_last" ] || printf '\n%s\n' "$our_last"
}

# A program that the command left running may hold its output open, so that this end may never come.
wait_for_output() {
  our_looks=0
  while kill -0 "$our_reader" 2>/dev/null && [ "$our_looks" -lt 10 ]; do
    "$our_box" sleep 0.1
    our_looks=$((our_looks + 1))
  done
}

run() {
  : >"$our_folder/$our_number.started"
  "$our_box" mkfifo "$our_folder/$our_number.pipe"
  keep_output <"$our_folder/$our_number.pipe" >"$our_folder/$our_number.output" &
  our_reader=$!
  (
    exec >"$our_folder/$our_number.pipe" 2>&1 </dev/null
    while IFS= read -r our_line; do export "$our_line"; done <"$our_folder/$our_number.go"
    exec "$our_box" setsid "$our_program" "$@"
  ) &
  our_group=$!
  (
    until [ -e "$our_folder/$our_number.stop" ]; do "$our_box" sleep 0.2 || exit 1; done
    finish
  ) &
  our_watcher=$!
  wait "$our_group"
  our_code=$?
  kill -KILL -"$our_group" 2>/dev/null
  kill "$our_watcher" 2>/dev/null
  our_group=
  our_watcher=
  wait_for_output
  put "$our_number.ended" "exit $our_code"
}

our_number=1
while [ -e "$our_folder/$our_number.started" ]; do
  [ -e "$our_folder/$our_number.ended" ] || put "$our_number.ended" lost
  our_number=$((our_number + 1))
done
while :; do
  until [ -e "$our_folder/$our_number.go" ]; do
    [ -e "$our_folder/ready" ] || put ready "$our_trouble"
    "$our_box" sleep 0.2 || exit 1
  done
  if [ -n "$our_trouble" ]; then
    put "$our_number.ended" "failed $our_trouble"
  elif [ -e "$our_folder/$our_number.stop" ]; then
    put "$our_number.ended" 'failed it had to end before it began'
  else
    run "$@"
  fi
  our_number=$((our_number + 1))
done
