#!/usr/bin/env bash
# The whole plan with the vendors' clients alone (psql, clickhouse-client or curl). Made by dponec; plan.md says what it does.
# usage: run.sh [--resume RUN_ID] [--journal-dir DIR]
# Exit codes: 0 done, 1 refused, 2 usage, 4 transient and nothing changed (run again), 5 stopped midway (run again), 130/143 on signals.
# The target's state row is the journal that counts: any run of this plan, by this script or by `dponec run`, finishes the last one.
# Which functions and variables a plan needs depends on its engines; patterns with backticks
# are meant literally, and so is a name that ends with a backslash.
# shellcheck disable=SC1003,SC2034,SC2016,SC2119,SC2120,SC2329,SC2317
set -euo pipefail
umask 077
export LC_ALL=C PGCLIENTENCODING=UTF8 PGAPPNAME=dponec
unset PGTZ PGDATESTYLE # libpq sends them past what is pinned; the zone of a wall clock is asked of the database, not of this shell
unset CDPATH POSIXLY_CORRECT # the steps are those beside this script; the beat is a process substitution

NAME=create_ms
FINGERPRINT=b35c8d28b6d5e4c1c94abb452046aea05a1c352a5e754988725da8525616cff9
TRANSACTIONAL=1
SOURCE_ENGINE=postgres
SOURCE_CONNECTION=case_pg
TARGET_ENGINE=mssql
TARGET_CONNECTION=case_ms
TARGET_TABLE='m'\''a]de.ne]w `$(id)` --'
NEEDS_LOCK=''
GIVEBACK=''
HEARTBEAT=steps/06-acquire-lease.heartbeat.sql
BEAT=20.000 # seconds
LIMITS=' -c lock_timeout=30s' # of the sessions on Postgres
RUNS=$PWD/.dponec/runs
RESUME=''
SELF=$0

while (($#)); do
  case $1 in
    --resume) RESUME=${2:?a run id}; shift 2 ;;
    --journal-dir) RUNS=$(realpath -m -- "${2:?a folder}"); shift 2 ;;
    *) printf 'usage: %s [--resume RUN_ID] [--journal-dir DIR]\n' "$0" >&2; exit 2 ;;
  esac
done
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

exec {PULSE}>/dev/null         # what keeps the lease alive, once there is one
declare -A P=()                # the run's parameters, all text
declare -a GROUP=() EXTRACT=() # arguments of the psql calls that are being put together
declare -a LOCKS=()            # descriptors of lock files
STEP=start MODE='' REACHED=idle RUN_ID='' CHANGED='' LEASED='' LOCKED='' JOB='' STAGED='' JOURNAL='' TOLD='' TMP='' PROLOGUE_FILE=prologue.sql

# ---- ends ---------------------------------------------------------------------------------------------------------------

note() { # event, step: ids only, no values
  # The state row counts, so a journal that cannot be written stops nothing.
  [[ -z $JOURNAL ]] || printf '{"at": "%s", "event": "%s", "step": "%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" >>"$JOURNAL" || true
}
stop() { # exit code, our code, message, next command
  TOLD=1
  printf '%s: stopped at %s: %s: %s\n' "$NAME" "$STEP" "$2" "$3" >&2
  [[ -z ${4-} ]] || printf '  next: %s\n' "$4" >&2
  note "stopped $2" "$STEP"
  exit "$1"
}
room() { # what the system refuses; psql and clickhouse-client end with an error when an answer does not fit on the disk
  if [[ -n $TMP ]] && printf 'room' 2>/dev/null >"$TMP/room" && [[ $(<"$TMP/room") == room ]]; then
    printf 'a command of this machine failed'
    return 1
  fi
  printf 'no space is left in %s (TMPDIR says where)' "${TMP:-/tmp}"
}
again() { printf '%q' "$SELF"; }
by_dponec() { printf 'dponec run %q' "$PWD"; }
refuse() { stop 1 DP433 "$1" "$(by_dponec)"; }
needs() { command -v "$1" >/dev/null || stop 1 DP606 "$1 is not installed${2:+ ($2)}" "$(by_dponec)"; }
end_job() { # SIGINT first: the clients then cancel the statement on the server, which would go on otherwise
  local tries=50
  kill -INT -- "-$JOB" 2>/dev/null || true
  while ((tries-- > 0)) && kill -0 -- "-$JOB" 2>/dev/null; do sleep 0.1; done
  kill -KILL -- "-$JOB" 2>/dev/null || true
  wait "$JOB" 2>/dev/null || true
}
rest() { exec {PULSE}>&-; }
leave() {
  local code=$?
  trap - EXIT INT TERM
  if ((code != 0 && code < 129)) && [[ -z $TOLD ]]; then # a command of this machine, and not of an engine
    code=${CHANGED:-4}
    printf '%s: stopped at %s: DP425: %s\n  next: %s\n' "$NAME" "$STEP" "$(room)" "$(again)" >&2
  fi
  if [[ -n $JOB ]]; then end_job; fi
  rest
  if [[ -n $LEASED && -n $GIVEBACK ]]; then
    { pg_prologue run_id fence && pg target -1 -c "SET lock_timeout = '3s'" "${PROLOGUE[@]}" -f "$GIVEBACK"; } >/dev/null 2>&1 </dev/null || true
  fi
  [[ -z $TMP ]] || rm -rf -- "$TMP"
  exit "$code"
}
trap leave EXIT
trap 'note signal "$STEP"; exit 130' INT
trap 'note signal "$STEP"; exit 143' TERM
TMP=$(mktemp -d)
[[ $TMP != *[\'\\]* ]] || stop 2 DP425 'TMPDIR must not hold quotes or backslashes'

work() { # run in a process group of its own, so that a signal is seen at once and reaches all of it
  local code=0
  set -m
  "$@" 2>"$TMP/err" </dev/null {PULSE}>&- & # a client that outlives the script must not keep the lease
  JOB=$!
  set +m
  wait "$JOB" || code=$?
  JOB=''
  ((code == 0)) || broke "$code"
}
broke() { # what the engine said, without the values that it quotes
  local text state='' said='' next
  next=$(again)
  if text=$(room); then stop "${CHANGED:-4}" DP425 "$text" "$next"; fi
  text=$(<"$TMP/err")
  # The word of the severity is in the server's language; notices and warnings are of the classes 00 to 02.
  if [[ $text =~ :\ \ ([1-9A-Z][0-9A-Z]{4}|0[3-9A-Z][0-9A-Z]{3}):\ ([^$'\n']*) ]]; then
    state=${BASH_REMATCH[1]} said=${BASH_REMATCH[2]}
    [[ $state != 22* ]] || said='a value does not fit (not shown)'
  elif [[ $text =~ Code:\ ([0-9]+) ]]; then
    state=${BASH_REMATCH[1]} said='ClickHouse refused the statement'
  else
    said=${text%%$'\n'*}
  fi
  case $state in
    DP410) stop 5 DP410 "$said" "$next" ;;
    DP*) stop 1 "$state" "$said" "dponec explain $state" ;;
    42P01 | 3F000 | 60 | 81) [[ -n $RUN_ID ]] || stop 1 DP416 "the state table is not there; a DBA runs setup/*.sql once ($said)" ;;
    53100 | 243) stop "${CHANGED:-4}" DP425 "$said" "$next" ;;
    08* | 40* | 53* | 55P03 | 57P0* | 209 | 210) stop "${CHANGED:-4}" DP422 "$said" "$next" ;;
    28* | 42501 | 192 | 193 | 194 | 497 | 516) stop "${CHANGED:-1}" DP423 "$said" "$next" ;;
  esac
  [[ $1 != 2 || -n $state ]] || stop "${CHANGED:-4}" DP421 "the server cannot be reached" "$next"
  stop "${CHANGED:-1}" DP424 "[$state] $said" "$next"
}

# ---- connections: from DPONE_CONN_… into files that only we can read; never on a command line ------------------------------

unquote() { local text=${1//\\/\\\\}; printf -v REPLY '%b' "${text//%/\\x}"; }
connect() { # source | target, engine, connection id
  local name=${3^^} url
  name=DPONE_CONN_${name//[^A-Z0-9]/_}
  url=${!name-}
  STEP="connect $1"
  [[ -n $url ]] || stop 1 DP601 "connection '$3' has no URL; set $name"
  [[ $url =~ ^([a-z][a-z0-9+.-]*)://(([^/?#]*)@)?([^/?#@]*)(/[^?#]*)?(\?([^#]*))?$ ]] || stop 1 DP603 "$name is not a URL"
  local scheme=${BASH_REMATCH[1]} login=${BASH_REMATCH[3]} hosts=${BASH_REMATCH[4]} path=${BASH_REMATCH[5]#/} query=${BASH_REMATCH[7]}
  case $2:$scheme in
    postgres:postgres | postgres:postgresql) needs psql postgresql-client; service "$1" "$login" "$hosts" "$path" "$query" ;;
    clickhouse:clickhouse) needs clickhouse-client; ch_config "$login" "$hosts" "$path" "$query" ;;
    clickhouse:clickhouse+http | clickhouse:clickhouse+https) needs curl; ch_http "${scheme#*+}" "$login" "$hosts" "$path" "$query" ;;
    *) stop 1 DP607 "$name has the scheme $scheme, which psql, clickhouse-client and curl cannot open" "$(by_dponec)" ;;
  esac
}
login_of() { # user[:password] -> USER_NAME, PASSWORD
  unquote "${1%%:*}"; USER_NAME=$REPLY PASSWORD=''
  if [[ $1 == *:* ]]; then unquote "${1#*:}"; PASSWORD=$REPLY; fi
}
service() { # two sections of a libpq service file: as it is, and for the snapshot of an extraction
  local options='' # the URL's own come first: of two the last one counts
  local pinned='-c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=1 -c standard_conforming_strings=on -c lc_monetary=C -c jit=off'
  pinned+=" -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off -c row_security=off$LIMITS"
  local host='' port='' one pair key extra='' section
  local -a list
  IFS=, read -r -a list <<<"$3"
  for one in "${list[@]}"; do
    if [[ $one =~ ^(\[[^]]*\]|[^:]*)(:([0-9]+))?$ ]]; then
      unquote "${BASH_REMATCH[1]//[\[\]]/}"; host+=${host:+,}$REPLY port+=${port:+,}${BASH_REMATCH[3]:-5432}
    fi
  done
  while [[ -n $5 ]] && IFS= read -r -d '&' pair; do
    key=${pair%%=*}; unquote "${pair#*=}"
    if [[ $key == options ]]; then options+="$REPLY "; elif [[ -n $key && $key != client_encoding ]]; then extra+="$key=$REPLY"$'\n'; fi
  done <<<"$5&"
  login_of "$2"; unquote "$4"
  for section in "$1" "$1-snapshot"; do
    printf '[%s]\n' "$section"
    [[ -z $host ]] || printf 'host=%s\nport=%s\n' "$host" "$port"
    [[ -z $USER_NAME ]] || printf 'user=%s\n' "$USER_NAME"
    [[ -z $PASSWORD ]] || printf 'password=%s\n' "$PASSWORD"
    [[ -z $REPLY ]] || printf 'dbname=%s\n' "$REPLY"
    printf '%soptions=%s\n' "$extra" "$options$pinned"
    pinned+=' -c default_transaction_isolation=repeatable\ read -c default_transaction_read_only=on'
  done >>"$TMP/service"
}
xml() { local text=${1//&/&amp;}; text=${text//</&lt;}; printf '%s' "${text//>/&gt;}"; }
ch_config() {
  local host=$2 port=''
  if [[ $2 == *:* ]]; then host=${2%:*} port=${2##*:}; fi
  ch_tls "$4"
  login_of "$1"; unquote "$3"
  CH_ADDRESS=("${host,,}" "$port" "/$REPLY")
  {
    printf '<config><host>%s</host><port>%s</port>' "$(xml "$host")" "${port:-$CH_PORT}"
    printf '<user>%s</user><password>%s</password>' "$(xml "${USER_NAME:-default}")" "$(xml "$PASSWORD")"
    [[ -z $REPLY ]] || printf '<database>%s</database>' "$(xml "$REPLY")"
    printf '%s</config>\n' "$CH_TLS"
  } >"$TMP/clickhouse.xml"
  # Servers before 20 know no query parameters; the client's version stands for the server's.
  [[ $(clickhouse-client --version </dev/null) =~ version\ ([0-9]+) ]] || stop 1 DP606 'clickhouse-client does not say its version' "$(by_dponec)"
  CH_LEGACY=''
  ((BASH_REMATCH[1] >= 20)) || CH_LEGACY=1
}
ch_flag() { # name, value -> REPLY, 1 or nothing
  case ${2,,} in
    1 | true | yes | on) REPLY=1 ;;
    0 | false | no | off) REPLY='' ;;
    *) stop 1 DP603 "$1 of the connection is neither 1 nor 0" ;;
  esac
}
ch_tls() { # a URL's keys -> CH_TLS, a part of the client's configuration, and CH_PORT. Unasked, Poco asks the terminal about a certificate
  local pair secure='' verify=1 trusted='' checked=''
  while [[ -n $1 ]] && IFS= read -r -d '&' pair; do
    unquote "${pair#*=}"
    case ${pair%%=*} in
      secure) ch_flag secure "$REPLY"; secure=$REPLY ;;
      verify) checked=1; ch_flag verify "$REPLY"; verify=$REPLY ;;
      ca_certs) checked=1 trusted=$REPLY ;;
    esac
  done <<<"$1&"
  CH_TLS='' CH_PORT=9000
  if [[ -z $secure ]]; then
    [[ -z $checked ]] || stop 1 DP603 'a certificate is to be checked, and the password would go in clear; add secure=1'
    return 0
  fi
  CH_PORT=9440 CH_TLS='<loadDefaultCAFile>true</loadDefaultCAFile>'
  [[ -z $trusted ]] || CH_TLS="<caConfig>$(xml "$trusted")</caConfig>"
  if [[ -n $verify ]]; then
    CH_TLS+='<verificationMode>strict</verificationMode><extendedVerification>true</extendedVerification>'
    CH_TLS+='<invalidCertificateHandler><name>RejectCertificateHandler</name></invalidCertificateHandler>'
  else
    CH_TLS='<verificationMode>none</verificationMode>'
    CH_TLS+='<invalidCertificateHandler><name>AcceptCertificateHandler</name></invalidCertificateHandler>'
  fi
  CH_TLS="<secure>1</secure><openSSL><client>$CH_TLS</client></openSSL>"
}
percent() { # text as a part of a URL
  local byte code at
  REPLY=''
  for ((at = 0; at < ${#1}; at++)); do
    byte=${1:at:1}
    if [[ $byte != [A-Za-z0-9._~-] ]]; then
      printf -v code '%d' "'$byte"
      printf -v byte '%%%02X' $((code & 255))
    fi
    REPLY+=$byte
  done
}
ch_header() { # name, value: a line of curl's own file
  [[ $2 != *[[:cntrl:]]* ]] || stop 1 DP603 'the user or the password holds a control character'
  local value=${2//\\/\\\\}
  printf 'header = "%s: %s"\n' "$1" "${value//\"/\\\"}"
}
ch_http() { # http | https, login, host, path, settings: a statement is a request, its rows stand behind it in the body
  local host=$3 port=''
  if [[ $3 == *:* ]]; then host=${3%:*} port=${3##*:}; fi
  login_of "$2"; unquote "$4"
  CH_ADDRESS=("${host,,}" "$port" "/$REPLY")
  if [[ -z $port ]]; then case $1 in https) port=8443 ;; *) port=8123 ;; esac; fi
  percent "$REPLY"
  CH_URL="$1://$host:$port/?wait_end_of_query=1${REPLY:+&database=$REPLY}${5:+&$5}"
  {
    printf 'silent\nshow-error\nconnect-timeout = 15\nrequest = POST\ngloboff\nupload-file = "-"\nheader = "Expect:"\n'
    ch_header X-ClickHouse-User "${USER_NAME:-default}"
    [[ -z $PASSWORD ]] || ch_header X-ClickHouse-Key "$PASSWORD"
  } >"$TMP/curl"
  CH_QUERY='SELECT version()'
  work ch_rows "$TMP/version"
  CH_LEGACY=''
  [[ $(<"$TMP/version") =~ ^([0-9]+)\. ]] || stop 1 DP424 'what answers there is no ClickHouse server; look at the host and the port'
  ((BASH_REMATCH[1] >= 20)) || CH_LEGACY=1
}

# ---- Postgres -----------------------------------------------------------------------------------------------------------

pg() { # the session's zone is set, not given at its start: what the database says stays to be asked
  local side=$1
  shift
  PGSERVICEFILE=$TMP/service PGSERVICE=$side psql -X -q -w -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -c "SET TimeZone = 'UTC'" "$@"
}
pg_prologue() { # parameter names -> PROLOGUE: psql quotes each value, the body reads it by current_setting
  local name
  PROLOGUE=(-q) # never empty, which a bash before 4.4 calls unset
  (($#)) || return 0
  printf '\\o /dev/null\n' >"$TMP/$PROLOGUE_FILE"
  for name in "$@"; do
    PROLOGUE+=(-v "$name=${P[$name]-}")
    printf "SELECT set_config('dponec.%s', :'%s', true);\n" "$name" "$name"
  done >>"$TMP/$PROLOGUE_FILE"
  printf '\\o\n' >>"$TMP/$PROLOGUE_FILE"
  PROLOGUE+=(-f "$TMP/$PROLOGUE_FILE")
}
pg_sql() { local side=$1 file=$2; shift 2; pg_prologue "$@"; work pg "$side" -1 -o /dev/null "${PROLOGUE[@]}" -f "$file"; }
pg_query() { local side=$1 file=$2; shift 2; pg_prologue "$@"; work pg_rows "$side" "$TMP/answer" -F $'\x1f' -P footer=off "${PROLOGUE[@]}" -f "$file"; }
pg_rows() { local side=$1 out=$2; shift 2; pg "$side" -1 -A "$@" >"$out"; }
pg_check() { local side=$1 file=$2; shift 2; pg_prologue "$@"; work pg_rows "$side" "$TMP/answer" -t "${PROLOGUE[@]}" -f "$file"; violated; }
pg_yes() {
  pg_prologue "${!P[@]}"
  work pg_rows "$1" "$TMP/yes" -t "${PROLOGUE[@]}" -f "$2"
  [[ $(<"$TMP/yes") == 1 ]]
}
pg_foreach() { # side, query, body, guard, most items, parameters
  local side=$1 query=$2 body=$3 guard=$4 most=$5 item
  local -a items=()
  shift 5
  pg_prologue "$@"
  work pg_rows "$side" "$TMP/items" -t -0 "${PROLOGUE[@]}" -f "$query"
  while IFS= read -r -d '' item || [[ -n $item ]]; do items+=("$item"); done <"$TMP/items"
  ((most == 0 || ${#items[@]} <= most)) || stop 1 DP432 "${#items[@]} items, and the plan allows $most; nothing was changed"
  for item in ${items[@]+"${items[@]}"}; do
    P[item]=$item
    if [[ -z $guard ]] || ! pg_yes "$side" "$guard"; then pg_sql "$side" "$body" "$@" item; fi
  done
}

# One psql call is one transaction: -1 with every file of the group. A COPY given by -c reads psql's own standard input.
group_begin() { GROUP_SIDE=$1; shift; GROUP_FENCED=''; [[ " $* " != *' fence '* ]] || GROUP_FENCED=1; pg_prologue "$@"; GROUP=(-A -F $'\x1f' -P footer=off -o /dev/null ${PROLOGUE[@]+"${PROLOGUE[@]}"} -c '\o /dev/null'); }
group_file() { GROUP+=(-f "$1"); }
group_query() { GROUP+=(-c "\\o '$TMP/answer.$1'" -f "$2" -c '\o /dev/null'); }
group_copy() { GROUP+=(-c "$(<"$1")"); }
group_end() { # however long it took, nobody who waited for the row of the lease finds it run out
  if [[ -n $LEASED && -n $HEARTBEAT && -n $GROUP_FENCED ]]; then GROUP+=(-f "$HEARTBEAT"); fi
}
group_run() { group_end; work pg "$GROUP_SIDE" -1 "${GROUP[@]}"; }
beat_begin() {
  PROLOGUE_FILE=beat.sql # the script writes the other one meanwhile
  pg_prologue run_id fence
}
beat_once() { pg target -1 -c "SET lock_timeout = '3s'" "${PROLOGUE[@]}" -f "$HEARTBEAT"; }
extract_begin() {
  local name
  pg_prologue "$@"
  EXTRACT=()
  (($#)) || return 0
  cp -- "$TMP/prologue.sql" "$TMP/extract.sql"
  for name in "$@"; do EXTRACT+=(-v "$name=${P[$name]-}"); done
  EXTRACT+=(-f "$TMP/extract.sql")
}
extract_query() { EXTRACT+=(-c "\\o '$TMP/answer.$1'" -f "$2" -c '\o'); }
extract_copy() { # -c shows the server the comment that names the step; longer than one argument may be, it goes by a file, without
  local size
  size=$(wc -c <"$1")
  if ((size < 100 << 10)); then EXTRACT+=(-c "$(<"$1")"); else EXTRACT+=(-f "$1"); fi
}
extract() { pg source-snapshot -1 -A -F $'\x1f' -P footer=off "${EXTRACT[@]}"; }
pump_pg() { group_end; work piped_pg; }
piped_pg() { extract | pg "$GROUP_SIDE" -1 "${GROUP[@]}"; }

# ---- ClickHouse ---------------------------------------------------------------------------------------------------------

CH_URL='' CH_ARGS=() CH_LONG=''
# A user's profile may say `break`: a statement then ends early with a part of its rows, and without an error.
CH_WHOLE=()
for each in timeout read result set join group_by sort distinct transfer; do CH_WHOLE+=("--${each}_overflow_mode=throw"); done
ch() { if [[ -n $CH_URL ]]; then ch_curl "$@"; else ch_client --query "$CH_QUERY" "$@"; fi; }
ch_client() { clickhouse-client --config-file "$TMP/clickhouse.xml" ${CH_ARGS[@]+"${CH_ARGS[@]}"} "$@"; }
ch_curl() { # the same over HTTP; nothing of it stands on a command line
  local url=$CH_URL each status code=0
  [[ ${1-} != --format ]] || url+="&default_format=$2"
  for each in ${CH_ARGS[@]+"${CH_ARGS[@]}"}; do
    percent "${each#*=}"; each=${each%%=*}
    url+="&${each#--}=$REPLY"
  done
  url=${url//\\/%5C}
  printf 'url = "%s"\noutput = "%s"\nwrite-out = "%%{http_code}"\n' "${url//\"/%22}" "$TMP/curl.out" >"$TMP/curl.url"
  : >"$TMP/curl.out"
  status=$({ printf '%s\n' "$CH_QUERY"; cat; } | curl --config "$TMP/curl" --config "$TMP/curl.url") || code=$?
  if ((code == 0 && status == 200)); then cat -- "$TMP/curl.out"; return; fi
  cat -- "$TMP/curl.out" >&2
  case $code in 5 | 6 | 7 | 28 | 35 | 52 | 55 | 56) return 2 ;; *) return 1 ;; esac # 2 is psql's code for a server that is not there
}
ch_quote() { # quote character, text
  local text=${2//\\/\\\\}
  REPLY=$1${text//"$1"/\\$1}$1
}
json_list() { # a JSON list of strings -> LIST
  local rest=$1
  local strings='^[][, ]*"(([^"\\]|\\.)*)"'
  LIST=()
  while [[ $rest =~ $strings ]]; do
    rest=${rest:${#BASH_REMATCH[0]}}
    printf -v REPLY '%b' "${BASH_REMATCH[1]//\\\///}"
    LIST+=("$REPLY")
  done
}
ch_array() {
  local one out=''
  json_list "$1"
  for one in ${LIST[@]+"${LIST[@]}"}; do ch_quote "'" "$one"; out+=${out:+, }$REPLY; done
  REPLY=[$out]
}
ch_literal() { # type, value
  case $1 in
    String) ch_quote "'" "$2" ;;
    Identifier) ch_quote '`' "$2" ;;
    Int* | UInt*) [[ $2 =~ ^-?[0-9]+$ ]] || stop 1 DP434 "a parameter is not an integer"; REPLY=$2 ;;
    'Array(String)') ch_array "$2"; REPLY="CAST($REPLY AS Array(String))" ;;
    *) ch_quote "'" "$2"; REPLY="CAST($REPLY AS $1)" ;;
  esac
}
ch_option() { # type, value: the text that --param_ reads, in which a backslash escapes
  case $1 in
    'Array(String)') ch_array "$2" ;;
    *) REPLY=${2//\\/\\\\}; REPLY=${REPLY//$'\t'/\\t}; REPLY=${REPLY//$'\n'/\\n} ;;
  esac
}
ch_bind() { # file -> CH_QUERY and CH_ARGS; quoted text and comments are left alone
  local rest out='' name
  local quoted="'([^'\\\\]|\\\\.|'')*'"'|"([^"\\]|\\.|"")*"|`([^`\\]|\\.|``)*`'
  # As much as there is, at once: a statement over 2,000 columns is longer than a shell may cut piece by piece. The longest match wins,
  # so a comment reaches to the end of its line: an apostrophe in it opens no text.
  local text='^([^"`{'\''-]|'$quoted'|-[^"`{'\''-]|-('$quoted')|--[^'$'\n'']*('$'\n''|$))+' hole='^\{([A-Za-z_][A-Za-z0-9_]*):([A-Za-z0-9(), ]+)\}'
  rest=$(<"$1")
  CH_ARGS=("${CH_WHOLE[@]}")
  while [[ -n $rest ]]; do
    if [[ $rest =~ $hole ]]; then
      rest=${rest:${#BASH_REMATCH[0]}}
      name=${BASH_REMATCH[1]}
      # A server takes a name as a parameter in most places, but not after FROM in REPLACE PARTITION.
      if [[ -n $CH_LEGACY || ${BASH_REMATCH[2]} == Identifier ]]; then
        ch_literal "${BASH_REMATCH[2]}" "${P[$name]-}"
        out+=$REPLY
      else
        out+=${BASH_REMATCH[0]}
        ch_option "${BASH_REMATCH[2]}" "${P[$name]-}"
        CH_ARGS+=("--param_$name=$REPLY")
      fi
    elif [[ $rest =~ $text ]]; then
      out+=${BASH_REMATCH[0]}
      rest=${rest:${#BASH_REMATCH[0]}}
    else
      out+=${rest:0:1}
      rest=${rest:1}
    fi
  done
  CH_QUERY=${out%"${out##*[!$' \t\n;']}"}
  CH_LONG=''
  if ((${#CH_QUERY} >= 100 << 10)); then # the server's limits count before a SETTINGS clause is read; the system's are of one argument
    CH_LONG=1
    CH_ARGS+=("--max_query_size=$((${#CH_QUERY} * 2))" "--max_ast_elements=${#CH_QUERY}" "--max_expanded_ast_elements=$((${#CH_QUERY} * 2))")
  fi
}
ch_rows() {
  local out=$1
  shift
  if [[ -z $CH_LONG || -n $CH_URL ]]; then ch "$@" >"$out"; else ch_client "$@" <<<"$CH_QUERY" >"$out"; fi
}
ch_sql() { ch_bind "$2"; work ch_rows /dev/null; }
ch_query() {
  ch_bind "$2"
  work ch_rows "$TMP/tsv" --format TabSeparatedWithNames
  tr '\t' '\037' <"$TMP/tsv" >"$TMP/answer"
  TSV=1
}
ch_check() { ch_bind "$2"; work ch_rows "$TMP/answer" --format TabSeparated; violated; }
ch_await() { # most seconds, query, what is done once after the first row
  local most=$1 query=$2 body=$3 code left
  local until=$((SECONDS + most))
  while :; do
    ch_bind "$query"
    work ch_rows "$TMP/answer" --format TabSeparated
    [[ -s $TMP/answer ]] || return 0
    if [[ -n $body ]]; then
      ch_sql '' "$body"
      body=''
    elif ((SECONDS >= until)); then
      IFS=$'\t' read -r code left _ <"$TMP/answer" || true
      stop 5 "$code" "$left; waited $most seconds" "$(again)"
    else
      work sleep 1
    fi
  done
}
ch_yes() { ch_bind "$2"; work ch_rows "$TMP/yes" --format TabSeparated; [[ $(<"$TMP/yes") == 1 ]]; }
ch_text() { # a value of a tab-separated line; NULL is the empty text. bash knows its escapes but for the quote's
  local quote="\\'"
  REPLY=''
  [[ $1 == '\N' ]] || printf -v REPLY '%b' "${1//"$quote"/"'"}"
}
ch_foreach() { # side, query, body, guard, most items, parameters
  local side=$1 query=$2 body=$3 guard=$4 most=$5 item
  local -a items=()
  ch_bind "$query"
  work ch_rows "$TMP/items" --format TabSeparated
  while IFS= read -r item; do ch_text "$item"; items+=("$REPLY"); done <"$TMP/items"
  ((most == 0 || ${#items[@]} <= most)) || stop 1 DP432 "${#items[@]} items, and the plan allows $most; nothing was changed"
  for item in ${items[@]+"${items[@]}"}; do
    P[item]=$item
    if [[ -z $guard ]] || ! ch_yes "$side" "$guard"; then ch_sql "$side" "$body"; fi
  done
}
pump_ch() { ch_bind "$1"; work piped_ch; }
piped_ch() { extract | unless_empty; }
unless_empty() { # clickhouse-client calls an INSERT of no rows an error
  local first
  first=$(dd bs=1 count=1 2>/dev/null; printf x)
  first=${first%x}
  [[ -n $first ]] || return 0
  { printf '%s' "$first"; cat; } | ch
}

# ---- SQL Server: sqlcmd and bcp (mssql-tools18) ---------------------------------------------------------------------------
# sqlcmd: -b an error ends it, -I QUOTED_IDENTIFIER on, -x no $(variables) in a body, -r1 messages to stderr, -y0 values uncut.
# bcp has no way for a password but its command line, which every user of this machine can read: so Kerberos or an Entra token.
# A row is one JSON line; -w is UTF-16 with a line break behind each row, and JSON has none inside.

MS_SQLCMD=sqlcmd MS_BCP=bcp MS_FROM=mssql-tools18
MS_WORK=$TMP/work MS_LIMIT_MB=${DPONEC_WORK_MB:-20480} MS_LOCALE=''
# More than this an encrypted connection does not take, and these tools encrypt:
# learn.microsoft.com/sql/database-engine/configure-windows/configure-the-network-packet-size-server-configuration-option
MS_PACKET=${DPONEC_BCP_PACKET:-16383}
declare -A MS_SERVER=() MS_DATABASE=() MS_TRUST=() # by side
eval "connect_others () $(declare -f connect | tail -n +2)"
connect() {
  local name=${3^^} url
  [[ $2 == mssql ]] || { connect_others "$@"; return; }
  name=DPONE_CONN_${name//[^A-Z0-9]/_}
  url=${!name-}
  STEP="connect $1"
  [[ -n $url ]] || stop 1 DP601 "connection '$3' has no URL; set $name"
  [[ $url =~ ^(mssql|sqlserver)://(([^/?#]*)@)?([^/?#@:]*)(:([0-9]+))?(/[^?#]*)?(\?([^#]*))?$ ]] || stop 1 DP603 "$name is not a URL"
  local login=${BASH_REMATCH[3]} host=${BASH_REMATCH[4]} port=${BASH_REMATCH[6]:-1433} path=${BASH_REMATCH[7]#/} query=${BASH_REMATCH[9]}
  login_of "$login"
  unquote "$path"
  MS_SERVER[$1]=tcp:$host,$port MS_DATABASE[$1]=$REPLY MS_TRUST[$1]=''
  [[ ${query,,} != *trustservercertificate=yes* ]] || MS_TRUST[$1]=1
  needs "$MS_SQLCMD" "$MS_FROM"
  needs "$MS_BCP" "$MS_FROM"
  [[ -z $USER_NAME ]] || refuse 'bcp would want the password on its command line; log in by Kerberos (no user in the URL), or use dponec run'
  [[ $MS_PACKET =~ ^[0-9]{4,5}$ ]] || refuse 'DPONEC_BCP_PACKET is no number of bytes from 4096 to 32767'
  for MS_LOCALE in C.UTF-8 en_US.UTF-8 ''; do [[ $(LC_ALL=$MS_LOCALE locale charmap 2>/dev/null) != UTF-8 ]] || break; done
  [[ -n $MS_LOCALE ]] || refuse 'neither C.UTF-8 nor en_US.UTF-8 is a locale of this machine: sqlcmd and bcp would read texts in another code page'
}
ms() { # side, arguments of sqlcmd, which logs in by Kerberos as bcp does
  local side=$1
  shift
  SQLCMDSERVER=${MS_SERVER[$side]} SQLCMDDBNAME=${MS_DATABASE[$side]} SQLCMDUSER='' SQLCMDPASSWORD='' LC_ALL=$MS_LOCALE \
    "$MS_SQLCMD" -b -I -x -r1 -l 15 -E ${MS_TRUST[$side]:+-C} "$@"
}
ms_bcp() { # side, what to copy. Whatever bcp could not copy is in the error file, whatever its exit code says.
  local side=$1
  shift
  rm -f -- "$MS_WORK/errors"
  LC_ALL=$MS_LOCALE "$MS_BCP" "$@" -S "${MS_SERVER[$side]}" -d "${MS_DATABASE[$side]}" -T ${MS_TRUST[$side]:+-u} -q -w -a "$MS_PACKET" \
    -e "$MS_WORK/errors" >"$MS_WORK/bcp.out" || { cat -- "$MS_WORK/bcp.out" >&2; return 1; } # it tells its errors there
}
ms_copied() { # what bcp says -> REPLY, the rows that it copied
  [[ ! -s $MS_WORK/errors ]] || stop "${CHANGED:-1}" DP431 "bcp could not send every row; nothing reached the target" "$(again)"
  [[ $(<"$MS_WORK/bcp.out") =~ ([0-9]+)\ rows\ copied ]] || stop "${CHANGED:-1}" DP431 'bcp does not say how many rows it copied' "$(again)"
  REPLY=${BASH_REMATCH[1]}
}
ms_limited() { ulimit -f $((MS_LIMIT_MB * 1024)); "$@"; } # in a subshell: no file of the work is larger than it may be
ms_full() { # one of them is that large
  local each
  for each in "$MS_WORK"/*; do
    [[ ! -f $each ]] || (($(wc -c <"$each") < MS_LIMIT_MB * 1048576)) || return 0
  done
  return 1
}
ms_whole() { # a file of lines
  [[ -z $(tail -c 1 -- "$1") ]] ||
    stop "${CHANGED:-1}" DP431 'the work file ends in the middle of a row; nothing reached the target' "$(again)"
}
ms_literal() { # a T-SQL literal; a quote is doubled, and no line break can begin a line of sqlcmd's own
  [[ $1 != *[[:cntrl:]]* ]] || stop 1 DP434 'a parameter holds a control character'
  REPLY=N\'${1//\'/\'\'}\'
}
ms_declare() { # parameters of a batch
  local name
  for name in "$@"; do
    ms_literal "${P[$name]-}"
    printf 'DECLARE @%s nvarchar(max) = %s;\n' "$name" "$REPLY"
  done
}
ms_body() { # file, parameters: one batch with its declarations
  local file=$1
  shift
  ms_declare "$@"
  cat -- "$file"
  printf '\nGO\n'
}
ms_out() { ms "$1" -y0 -s $'\x1f' -i "$TMP/batch.sql" >"$TMP/ms.out"; }
ms_sql() { local side=$1 file=$2; shift 2; ms_body "$file" "$@" >"$TMP/batch.sql"; work ms_out "$side"; }
ms_yes() { ms_body "$2" "${!P[@]}" >"$TMP/batch.sql"; work ms_out "$1"; [[ $(ms_row) == 1 ]]; }
ms_row() { sed -e 's/\r$//' -e 's/[[:space:]]*$//' -e "s/ *$(printf '\x1f')/$(printf '\x1f')/g" -e '/^$/d' "$TMP/ms.out" | tail -n 1; }
ms_query() { # side, file, names of the row's columns with commas between, parameters
  local side=$1 names=$3 file=$2 row
  shift 3
  ms_body "$file" "$@" >"$TMP/batch.sql"
  work ms_out "$side"
  row=$(ms_row)
  printf '%s\n' "${names//,/$'\x1f'}" >"$TMP/answer"
  [[ -z $row ]] || printf '%s\n' "$row" >>"$TMP/answer"
}
# Without NOCOUNT sqlcmd writes a line after each answer, which would be taken for the answer.
ms_begin() { printf 'BEGIN TRANSACTION;\nGO\nSET NOCOUNT ON;\nGO\n' >"$TMP/group.sql"; }
ms_member() { # step, file, parameters
  local step=$1 file=$2
  shift 2
  printf "SELECT N'dponec:%s' AS [step];\nGO\n" "$step" >>"$TMP/group.sql"
  ms_body "$file" "$@" >>"$TMP/group.sql"
}
ms_end() { # an error ends sqlcmd, and a session that has ended has rolled back
  [[ -z $LEASED || -z $HEARTBEAT ]] || ms_body "$HEARTBEAT" run_id fence >>"$TMP/group.sql"
  printf 'IF @@TRANCOUNT <> 1 THROW 50424, N%s, 1;\nCOMMIT TRANSACTION;\nGO\n' "'DP424: the transaction is not open any more'" >>"$TMP/group.sql"
  mv -- "$TMP/group.sql" "$TMP/batch.sql"
  work ms_out target
}
ms_took() { # step, names with commas between: the row that the step gave inside the group
  local row
  row=$(sed -e 's/\r$//' -e 's/[[:space:]]*$//' -e '/^$/d' "$TMP/ms.out" | sed -n "/^dponec:$1\$/,/^dponec:/p" | sed -n 2p)
  { printf '%s\n' "${2//,/$'\x1f'}"; printf '%s\n' "$row"; } | sed -e "s/ *$(printf '\x1f')/$(printf '\x1f')/g" >"$TMP/answer"
}
eval "broke_others () $(declare -f broke | tail -n +2)"
broke() {
  local text next state said
  next=$(again)
  text=$(<"$TMP/err")
  if [[ $text =~ (DP[0-9]{3}):\ ([^$'\n']*) ]]; then
    state=${BASH_REMATCH[1]} said=${BASH_REMATCH[2]}
    [[ $state != DP410 ]] || stop 5 DP410 "$said" "$next"
    stop 1 "$state" "$said" "dponec explain $state"
  fi
  [[ $text != *usage:*freebcp* ]] ||
    stop "${CHANGED:-1}" DP606 'this bcp is that of FreeTDS, which knows neither -w nor -k; mssql-tools18 has the one that is meant' "$(by_dponec)"
  ! ms_full ||
    stop "${CHANGED:-1}" DP425 "the work file would be larger than $MS_LIMIT_MB MB (DPONEC_WORK_MB); nothing reached the target" "$(by_dponec)"
  [[ $text != *iconv:* ]] ||
    stop "${CHANGED:-1}" DP431 'the rows are not in the encoding that the source was asked for; nothing reached the target' "$(by_dponec)"
  if [[ $text == *'Login timeout expired'* || $text == *'Communication link failure'* || $text =~ SQLState\ =\ 08 ]]; then
    stop "${CHANGED:-4}" DP421 'SQL Server cannot be reached' "$next"
  fi
  if [[ $text =~ Msg\ ([0-9]+),\ Level || $text =~ NativeError\ =\ ([0-9]+) ]]; then
    state=${BASH_REMATCH[1]}
    case $state in
      208) [[ -n $RUN_ID ]] || stop 1 DP416 'the state table is not there; a DBA runs setup/*.sql once' ;;
      1205 | 1222 | 51205 | 51222 | 3960) stop "${CHANGED:-4}" DP422 "SQL Server says $state: try again" "$next" ;;
      229 | 262 | 916 | 3704 | 4834 | 18456) stop "${CHANGED:-1}" DP423 "SQL Server says $state: not permitted" "$next" ;;
      1088 | 2760) stop "${CHANGED:-1}" DP423 "SQL Server says $state: not there, or not permitted (ALTER on the staging schema)" "$next" ;;
    esac
    stop "${CHANGED:-1}" DP424 "[$state] SQL Server refused the statement" "$next"
  fi
  broke_others "$@"
}

# ---- bcp in: a table of lines, of which the server makes rows --------------------------------------------------------------

beat_begin() { ms_body "$HEARTBEAT" run_id fence >"$TMP/beat.sql"; }
beat_once() { ms target -i "$TMP/beat.sql"; }
# Microsoft's bcp does not read pipes on Linux (github.com/microsoft/homebrew-mssql-release/issues/2), so there is a work file.
ms_wide() { ms_limited iconv -f UTF-8 -t UTF-16LE -- "$MS_WORK/lines" >"$MS_WORK/lines.utf16"; rm -f -- "$MS_WORK/lines"; }
ms_pump() { # file of the table for lines, file that unpacks them, parameters
  local lines=$1 unpack=$2 table sent
  shift 2
  sent=$(wc -l <"$MS_WORK/lines")
  work ms_wide
  ms_query target "$lines" table "$@"
  table=$(tail -n 1 "$TMP/answer")
  work ms_bcp target "$table" in "$MS_WORK/lines.utf16" -k -m 1 -h TABLOCK
  ms_copied
  ((REPLY == sent)) || stop "${CHANGED:-1}" DP431 "the source sent $sent rows and bcp copied $REPLY" "$(again)"
  rm -rf -- "$MS_WORK"
  ms_query target "$unpack" rows "$@"
  table=$(tail -n 1 "$TMP/answer")
  [[ $table == "$sent" ]] || stop "${CHANGED:-1}" DP431 "the source sent $sent rows and the target took $table" "$(again)"
}
ms_lines() { # the rows of Postgres as a work file; COPY doubles each backslash of the lines
  local sent
  mkdir -p -- "$MS_WORK"
  rm -f -- "$TMP/answer.fingerprint-source"
  work ms_limited ms_extract
  ms_whole "$MS_WORK/lines"
  [[ -s $TMP/answer.fingerprint-source ]] || return 0
  sent=$(wc -l <"$MS_WORK/lines")
  capture_of fingerprint-source source_rows # counted in the snapshot of the extraction: a file that was cut holds fewer
  [[ $sent == "${P[source_rows]}" ]] ||
    stop "${CHANGED:-1}" DP431 "the source counted ${P[source_rows]} rows and the work file holds $sent; nothing reached the target" "$(again)"
}
ms_extract() { extract | sed 's/\\\\/\\/g' >"$MS_WORK/lines"; }
# ---- the protocol (docs/adr/0003) -----------------------------------------------------------------------------------------

set_default() { P[$1]=''; }
set_derived() { P[$1]=$2${RUN_ID//-/_}; }
violated() {
  local code detail count
  [[ -s $TMP/answer ]] || return 0
  IFS=$'\t|' read -r code detail count _ <"$TMP/answer" || true
  [[ $code =~ ^[A-Z0-9]+$ ]] || code=DP500
  stop 1 "$code" "$detail ($count)" "dponec explain $code"
}
rows_in() { local lines; lines=$(wc -l <"$1"); printf '%d' $((lines > 0 ? lines - 1 : 0)); }
capture() { capture_file "$TMP/answer" "$@"; }
capture_of() { local step=$1; shift; capture_file "$TMP/answer.$step" "$@"; }
capture_file() { # the one row of an answer: names, then values, separated by the unit separator
  local file=$1 index wanted value
  local -a names values
  shift
  [[ $(rows_in "$file") == 1 ]] || stop 1 DP430 "the query gave $(rows_in "$file") rows instead of one"
  { IFS=$'\x1f' read -r -a names; IFS=$'\x1f' read -r -a values; } <"$file" || true
  for wanted in "$@"; do
    for index in "${!names[@]}"; do
      if [[ ${names[index]} == "$wanted" ]]; then
        value=${values[index]-}
        if [[ -n ${TSV-} ]]; then ch_text "$value"; value=$REPLY; fi
        P[$wanted]=$value
      fi
    done
  done
  TSV=''
}
leased() {
  local next
  next=$(again)
  [[ $(rows_in "$TMP/answer") != 0 ]] || stop 4 DP413 'another run holds the lease of this load' "$next"
  capture "$@"
  LEASED=1
  [[ -z $HEARTBEAT ]] || { exec {PULSE}>&-; exec {PULSE}> >(beat); }
}
beat() { # prolongs the lease until the script that holds the other end of its input is gone, however it went
  trap '' INT TERM
  trap - EXIT
  beat_begin
  while read -r -t "$BEAT" || (($? > 128)); do
    # A row that our own transaction holds is passed over: that transaction prolongs the lease itself when it ends.
    beat_once >/dev/null 2>&1 </dev/null || true
  done
}
released() { LEASED=''; rest; }
changed() { CHANGED=5; }
rank() { case $1 in open) REPLY=1 ;; staged) REPLY=2 ;; committed) REPLY=3 ;; done) REPLY=4 ;; *) REPLY=0 ;; esac; }
staged_guard() {
  ms_yes target steps/18-record-staged.guard.sql
}
todo() { # name, phase of its guard, how its guard query is asked: whether it is still to be done
  STEP=$1
  note begin "$STEP"
  [[ $MODE == continue ]] || return 0
  if ! reached "$2"; then
    (($# > 2)) || return 0
    "${@:3}" || return 0
  fi
  note skip "$STEP"
  return 1
}
reached() { # a phase: whether the attempt has come as far
  local before
  [[ -n $1 ]] || return 1
  rank "$REACHED"; before=$REPLY
  rank "$1"
  ((before >= REPLY)) || return 1
  [[ $1 == staged && $REACHED == staged ]] || return 0
  if [[ -z $STAGED ]]; then STAGED=no; if staged_guard; then STAGED=yes; fi; fi
  [[ $STAGED == yes ]]
}
start() { # mode, run id, phase
  MODE=$1 RUN_ID=$2 REACHED=$3
  [[ $RUN_ID =~ ^[0-9a-f-]{36}$ ]] || stop 1 DP702 'the run id is not a uuid'
  P[run_id]=$RUN_ID P[fingerprint]=$FINGERPRINT P[holder]='' P[lease_backend]=''
  :
  mkdir -p -- "$RUNS/$RUN_ID"
  JOURNAL=$RUNS/$RUN_ID/journal.jsonl
  printf '%s: %s run %s\n' "$NAME" "$MODE" "$RUN_ID" >&2
  note run_started "$STEP"
}
fresh() { local id; id=$(</proc/sys/kernel/random/uuid); start new "$id" idle; }
decide() {
  local phase=${P[phase]:-idle} attempt=${P[attempt_run_id]-} owner=${P[lease_owner]-} left=${P[lease_seconds]:-0} next
  next=$(again)
  if [[ -n $owner && ${P[lease_alive]-} != 0 && $left != -* && $left =~ [1-9] ]]; then
    [[ -z ${P[lease_alive]-} && $owner == "$attempt" && (-n $LOCKED || $RESUME == "$owner") ]] ||
      stop 4 DP413 "run $owner holds the lease of this load for another $left s" "$next"
  fi
  [[ ${P[elsewhere]-} != 1 ]] ||
    stop 1 DP448 'the state of this load speaks of another source, cursor or target than this plan' "dponec state show $(printf '%q' "$PWD")"
  if [[ $phase =~ ^(open|staged|committed)$ && -n $attempt ]]; then
    [[ -z $RESUME || $RESUME == "$attempt" ]] || stop 1 DP418 "the unfinished run is $attempt, not $RESUME" "$next"
    if [[ ${P[attempt_fingerprint]-} == "$FINGERPRINT" ]]; then
      start continue "$attempt" "$phase"
      P[window_low]=${P[attempt_low]-} P[window_high]=${P[attempt_high]-} P[partitions]=${P[attempt_partitions]-}
      CHANGED=5
    elif [[ $phase != staged || -n $TRANSACTIONAL ]]; then
      fresh
    else
      stop 1 DP412 "run $attempt of another version of this plan may have changed some partitions" "dponec runs abort $attempt"
    fi
    return 0
  fi
  [[ -z $RESUME ]] || stop 1 DP418 "run $RESUME is not unfinished" "$next"
  [[ $phase != idle || ${P[target_empty]-} != 0 || ${P[adopted]-} == 1 ]] ||
    stop 1 DP411 'the target holds rows that dponec did not load' "dponec state adopt $(printf '%q' "$PWD")"
  fresh
}
take_lock() { # the same files as dponec run takes: the address with its port, and the server; where it is not known, the address without it
  local host=${CH_ADDRESS[0]} port=${CH_ADDRESS[1]} path=${CH_ADDRESS[2]%/} server='' address folder key lock
  local -a folders=("${TMPDIR:-/tmp}/dponec-$UID") keys
  CH_QUERY='SELECT concat(hostName(), '\'' '\'', metadata_path) FROM system.databases WHERE name = '\''system'\'' AND metadata_path != '\'''\'''
  work ch_server
  IFS= read -r server <"$TMP/server" || true
  ch_text "$server"; server=$REPLY
  lock_key "$host" "$port" "$path" "$TARGET_TABLE"; address=$REPLY
  if [[ -n $server ]]; then lock_key "$server" "$TARGET_TABLE"; else lock_key "$host" '' "$path" "$TARGET_TABLE"; fi
  keys=("$address")
  [[ $REPLY == "$address" ]] || keys+=("$REPLY")
  # Cron has no XDG_RUNTIME_DIR and a login shell has, so both places are locked.
  if [[ -n ${XDG_RUNTIME_DIR-} && -w $XDG_RUNTIME_DIR ]]; then folders+=("$XDG_RUNTIME_DIR/dponec"); fi
  for folder in "${folders[@]}"; do
    mkdir -p -- "$folder"
    [[ -O $folder ]] || stop 1 DP433 "$folder belongs to another user"
    for key in "${keys[@]}"; do
      exec {lock}>>"$folder/$key.lock"
      flock -n "$lock" || stop 4 DP413 'another process on this host is loading the same target' "$(again)"
      printf '%d' "$$" >"$folder/$key.lock" # whom the next one names
      LOCKS+=("$lock")
    done
  done
  LOCKED=1
}
lock_key() { REPLY=$({ printf '%s' "$1"; shift; printf '\0%s' "$@"; } | sha256sum); REPLY=${REPLY:0:32}; }
ch_server() { ch_rows "$TMP/server" --format TabSeparated || : >"$TMP/server"; } # a user without the right to look does not know it

set_default adopted
set_default attempt_fingerprint
set_default attempt_high
set_default attempt_low
set_default attempt_partitions
set_default attempt_run_id
set_default digest
set_default elsewhere
set_default fence
set_default fingerprint
set_default lease_alive
set_default lease_backend
set_default lease_owner
set_default lease_seconds
set_default phase
set_default rows_staged
set_default run_id
set_default source_a
set_default source_b
set_default source_rows
set_default target_empty
set_default watermark
set_default window_high
set_default window_low
connect source "$SOURCE_ENGINE" "$SOURCE_CONNECTION"
connect target "$TARGET_ENGINE" "$TARGET_CONNECTION"
[[ -z $NEEDS_LOCK ]] || take_lock

# ---- the steps ----------------------------------------------------------------------------------------------------------

# check-source: refuse when the source is not what the plan was compiled for
if todo check-source ''; then
  pg_sql source steps/01-check-source.sql
fi
# check-not-lost: refuse to make a table anew whose rows the state remembers
if todo check-not-lost committed; then
  ms_sql target steps/02-check-not-lost.sql
fi
# create-target: make the target where it is missing
if todo create-target committed ms_yes target steps/03-create-target.guard.sql; then
  ms_sql target steps/03-create-target.sql
fi
# check-target: refuse when the target is not what the plan was compiled for
if todo check-target ''; then
  ms_sql target steps/04-check-target.sql
fi
# read-state: read watermark, unfinished attempt and lease
if todo read-state ''; then
  ms_query target steps/05-read-state.sql phase,attempt_run_id,attempt_fingerprint,attempt_low,attempt_high,attempt_partitions,rows_staged,digest,watermark,fence,lease_owner,lease_seconds,lease_alive,target_empty,adopted,elsewhere
  capture phase attempt_run_id attempt_fingerprint attempt_low attempt_high attempt_partitions rows_staged digest watermark fence lease_owner lease_seconds lease_alive target_empty adopted elsewhere
  decide
fi
# acquire-lease: take the lease and a fencing token
if todo acquire-lease ''; then
  ms_query target steps/06-acquire-lease.sql fence run_id lease_backend
  leased fence
fi
# freeze-window: fix the window before anything is read
if todo freeze-window open; then
  pg_query source steps/07-freeze-window.sql watermark
  capture window_low window_high
fi
# open-attempt: record run id and window in the state row
if todo open-attempt open; then
  ms_sql target steps/08-open-attempt.sql run_id fence fingerprint window_low window_high
  changed
fi
# check-values-rows: count the values that the target cannot hold, in the snapshot of the extraction
# fingerprint-source: count what will be read, in its snapshot
# clear-rows: drop what an interrupted try of this run left
# create-rows: create the empty staging table (rows)
# transfer-rows: stream the source into staging (rows)
if todo check-values-rows staged; then
  extract_begin window_low window_high run_id fence
  extract_query check-values-rows steps/09-check-values-rows.sql
  extract_query fingerprint-source steps/10-fingerprint-source.sql
  extract_copy steps/13-transfer-rows.extract.sql
  ms_sql target steps/11-clear-rows.sql run_id fence
  ms_sql target steps/12-create-rows.sql run_id fence
  ms_lines
  ms_pump steps/13-transfer-rows.lines.sql steps/13-transfer-rows.unpack.sql window_low window_high run_id fence
  capture_of fingerprint-source source_rows source_a source_b
fi
# fence-prove: hold the state row with our fencing token
# check-staged-rows: staging holds what the source sent
# check-null-keys: no key is NULL
# check-duplicate-keys: no key is staged twice
# record-staged: note in the state row that staging is proved
if todo prove staged; then
  ms_begin
  ms_member fence-prove steps/14-fence-prove.sql run_id fence
  ms_member check-staged-rows steps/15-check-staged-rows.sql source_rows
  ms_member check-null-keys steps/16-check-null-keys.sql
  ms_member check-duplicate-keys steps/17-check-duplicate-keys.sql
  ms_member record-staged steps/18-record-staged.sql run_id fence
  ms_end
  ms_took record-staged rows_staged
  capture rows_staged
fi
# fence-finalize: hold the state row with our fencing token
# update-matching: update rows that differ
# insert-missing: insert keys that are new
# reconcile: prove that every staged key is in the target once, with the staged values
# commit-state: move the watermark and mark the run committed
if todo finalize committed; then
  ms_begin
  ms_member fence-finalize steps/19-fence-finalize.sql run_id fence
  ms_member update-matching steps/20-update-matching.sql
  ms_member insert-missing steps/21-insert-missing.sql
  ms_member reconcile steps/22-reconcile.sql run_id fence
  ms_member commit-state steps/23-commit-state.sql run_id fence window_low window_high
  ms_end
fi
# drop-rows: drop staging (rows)
if todo drop-rows ''; then
  ms_sql target steps/24-drop-rows.sql run_id fence
fi
# release-lease: mark the run done and give the lease back
if todo release-lease ''; then
  ms_sql target steps/25-release-lease.sql run_id fence
  released
fi

note run_ended ''
printf '%s: done (run %s)\n' "$NAME" "$RUN_ID"
