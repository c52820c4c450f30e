#!/usr/bin/env bash
# bash and openssl, after remote.it's shell sample: draft-cavage. The key goes in as hex, since a shell variable
# cannot hold every byte, and the body is counted in bytes.
set -euo pipefail
export LC_ALL=C

without_scheme=${SIGN_URL#*://}
host=${without_scheme%%/*}
target=/${without_scheme#*/}
covered=${SIGN_COVERED:-(request-target) host date content-type content-length}
declare -A value=(
    ["(request-target)"]="${SIGN_METHOD,,} $target"
    [host]=$host
    [date]=$(date -u -d "@$SIGN_AT" '+%a, %d %b %Y %H:%M:%S GMT')
    [content-type]=application/json
    [content-length]=${#SIGN_BODY}
)

lines=
for name in $covered; do lines+="${lines:+$'\n'}$name: ${value[$name]}"; done
key=$(base64 -d <<< "$SIGN_SECRET" | od -An -v -tx1 | tr -d ' \n')
signature=$(printf %s "$lines" | openssl dgst -binary -sha256 -mac HMAC -macopt "hexkey:$key" | base64 -w0)

stated="keyId=\"$SIGN_KEY_ID\",algorithm=\"hmac-sha256\",headers=\"$covered\",signature=\"$signature\""
headers=(
    "Host: $host" "Date: ${value[date]}" "Content-Type: application/json" "Content-Length: ${#SIGN_BODY}"
    "Authorization: Signature $stated"
)
if [ "$1" = sign ]; then
    printf '%s\n' "${headers[@]}"
else
    answer=$(curl --silent --write-out '\n%{http_code}' --request "$SIGN_METHOD" "${headers[@]/#/-H}" \
        --data-binary "$SIGN_BODY" "$SIGN_URL")
    printf '%s\n' "${answer##*$'\n'}" "${answer%$'\n'*}"
fi
