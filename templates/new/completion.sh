# Names are found by the shell itself, in the jobs.d of this folder or of one above it: a Tab starts no program. Only
# what a manifest can be named is offered, so no file name is ever read as code.
_jobsd_names() {
  local kind=$1 root=$PWD file name
  while [ ! -d "$root/jobs.d" ]; do
    case $root in '' | /) return ;; esac
    root=${root%/*}
  done
  case $kind in
    jobs) set -- "$root"/jobs.d/*/*.yaml ;;
    clients) set -- "$root"/jobs.d/*/client.yaml ;;
    connections) set -- "$root"/jobs.d/platform/connections/*.yaml ;;
    calendars) set -- "$root"/jobs.d/platform/calendars/*.yaml ;;
    reports) set -- "$root"/templates/reports/*/*/report.yaml ;;
    *) return ;;
  esac
  for file in "$@"; do
    case $kind in
      jobs) name=${file#"$root"/jobs.d/} name=${name%.yaml} ;;
      clients) name=${file#"$root"/jobs.d/} name=${name%/client.yaml} ;;
      reports) name=${file#"$root"/templates/reports/} name=${name%/report.yaml} ;;
      *) name=${file##*/} name=${name%.yaml} ;;
    esac
    case $name in
      *[!a-z0-9/-]* | platform/* | */client) ;;
      *) printf '%s\n' "$name" ;;
    esac
  done
}

_jobsd_values() {
  case $1 in
    words\ *) printf '%s\n' ${1#words } ;;
    reports) printf '%s\n' $_jobsd_reports && _jobsd_names reports ;;
    *) _jobsd_names "$1" ;;
  esac
}

_jobsd() {
  local current=${COMP_WORDS[COMP_CWORD]} command= position=0 pending= word= kind= found= i=1
  while [ "$i" -lt "$COMP_CWORD" ]; do
    word=${COMP_WORDS[i]}
    i=$((i + 1))
    if [ -n "$pending" ]; then
      pending=
      continue
    fi
    case $word in
      -*) [ -n "$(_jobsd_kind "$command $word")" ] && pending=$word ;;
      *)
        case " $(_jobsd_commands "$command") " in
          *" $word "*) command="${command:+$command }$word" ;;
          *) position=$((position + 1)) ;;
        esac
        ;;
    esac
  done
  if [ -n "$pending" ]; then
    kind=$(_jobsd_kind "$command $pending")
    found=$(_jobsd_values "$kind")
  else
    case $current in
      -*) found=$(printf '%s\n' $(_jobsd_options "$command")) ;;
      *)
        found=$(printf '%s\n' $(_jobsd_commands "$command"))
        if [ -z "$found" ]; then
          kind=$(_jobsd_kind "$command $position")
          found=$(_jobsd_values "$kind")
        fi
        ;;
    esac
  fi
  COMPREPLY=()
  if [ "$kind" = folders ]; then
    compopt -o filenames 2>/dev/null
    found=$(compgen -d -- "$current")
  fi
  while IFS= read -r word; do
    case $word in
      '') ;;
      "$current"*) COMPREPLY+=("$word") ;;
    esac
  done <<END
$found
END
}

complete -F _jobsd jobsd
