#!/usr/bin/env bash
# The life of a campaign in a few minutes: the server starts on a database of its own, 80 complaints come in over HTTP,
# officers work them and the ledger with the command line, and the progress report comes out.
#
#   Config/demo/run.sh [path of rectify]        REPORT=file.html says where the HTML report goes
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
rectify=$(realpath "${1:-rectify}")
report=${REPORT:-$PWD/rectify-report.html}
work=$(mktemp -d "${TMPDIR:-/tmp}/rectify-demo.XXXXXX")
chmod 755 "$work" # PostgreSQL runs as another user where we are root, and has to reach its directory.
server=
declare -A reference

cleanup() {
    if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

fail() { printf 'demo: %s\n' "$1" >&2; sed 's/^/  | /' "$work/up.log" 2>/dev/null | tail -20 >&2; exit 1; }
bold= plain=
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
show() { printf '%s$ rectify %s%s\n' "$bold" "$*" "$plain"; }

# A terminal of each officer: a token of their own, and the server's address.
as() {
    local officer=$1
    shift
    XDG_STATE_HOME="$work/$officer" XDG_CONFIG_HOME="$work/config" "$rectify" "$@"
}

unset "${!RECTIFY_@}"
export NO_COLOR=1

show up --data "$work/data" --port 0 '&'
"$rectify" up --data "$work/data" --port 0 >"$work/ready" 2>"$work/up.log" &
server=$!
for _ in $(seq 600); do
    grep -q '^ready on ' "$work/ready" && break
    kill -0 "$server" 2>/dev/null || fail 'the server ended'
    sleep 0.1
done
address=$(sed -n 's/^ready on //p' "$work/ready")
[ -n "$address" ] || fail 'the server was not ready within a minute'
echo "ready on $address"
export RECTIFY_SERVER=$address

for line in 'zhang officer' 'wang officer' 'li supervisor'; do
    read -r officer role <<<"$line"
    show "officer add $officer --role $role --data … | rectify login"
    "$rectify" officer add "$officer" --role "$role" --data "$work/data" 2>/dev/null >"$work/token"
    as "$officer" login <"$work/token"
    rm "$work/token"
done

total=$(wc -l <"$here/complaints.ndjson")
filed=0
bar() {
    local full=$((filed * 20 / total))
    printf '%*s' "$full" '' | sed 's/ /█/g'
    printf '%*s' $((20 - full)) '' | sed 's/ /░/g'
}

last=
while read -r day officer command; do
    [ "${day#\#}" = "$day" ] || continue
    [ "$day" = "$last" ] || printf '\n%s\n' "$day"
    last=$day
    if [ "${command%% *}" = file ]; then
        name=${command#file }
        answer=$(grep -F "\"client_reference\": \"$name\"" "$here/complaints.ndjson" | as "$officer" complaint file - -o name)
        reference[$name]=$answer
        filed=$((filed + 1))
        printf '%s %d/%d  ' "$(bar)" "$filed" "$total"
        show "complaint file -   # $name is $answer"
        continue
    fi
    while [[ $command =~ @(s21-[0-9]{4}) ]]; do
        command=${command/"${BASH_REMATCH[0]}"/"${reference[${BASH_REMATCH[1]}]}"}
    done
    show "$command"
    eval "as \"$officer\" $command" >"$work/answer" </dev/null || fail "this failed: rectify $command"
done < <(cat "$here"/steps/*.txt)

echo
show 'complaint list --platform wechat --status accepted,forwarded --limit 8'
as zhang complaint list --platform wechat --status accepted,forwarded --limit 8
echo
show 'barrier show wechat/platform:taobao/one_to_one'
as zhang barrier show wechat/platform:taobao/one_to_one
echo
show 'report internet-2021 --as-of 2022-01-22'
as zhang report internet-2021 --as-of 2022-01-22
show "report internet-2021 --as-of 2022-01-22 --format html --out $report"
as zhang report internet-2021 --as-of 2022-01-22 --format html --out "$report"

kill -TERM "$server"
wait "$server" || fail 'the server did not stop cleanly'
server=
echo
echo "The report is at $report. Everything else was stopped and removed."
