# What a user of the installed wheel does, in an empty folder: prints "the wheel works".
set -euo pipefail

# Lines of input, and what the verdicts must have in them.
expect() {
    local found
    found=$(cat)
    if ! grep -qF -- "$1" <<<"$found"; then
        printf 'expected %s in:\n%s\n' "$1" "$found" >&2
        return 1
    fi
}

mesibo-abi --version
message='{"from": "alice", "to": "bob", "id": 7, "message": "ping"}'
for lang in c cpp python; do
    mesibo-abi new "greeter_$lang" --lang "$lang"
    (
        cd "greeter_$lang"
        case $lang in
            c) mesibo-abi build greeter_c.c ;;
            cpp) mesibo-abi build greeter_cpp.cpp ;;
        esac
        if [ "$lang" != python ]; then
            mesibo-abi inspect "mesibo_mod_greeter_$lang.so" | expect "doc2019 (told by: tag)"
        fi
        mesibo-abi run mesibo.conf --format jsonl <<<"$message" | expect '"result":"CONSUMED"'
    )
done

mesibo-abi new greeter_sdk --lang c --revision sdk2020
(
    cd greeter_sdk
    mesibo-abi build --revision sdk2020 greeter_sdk.c
    mesibo-abi run mesibo.conf --format jsonl <<<"$message" | expect '"result":"CONSUMED"'
)

python - <<'END' | expect "CONSUMED greeter_c None"
from mesibo_abi import Host, Message

with Host() as host:
    host.load("greeter_c", "greeter_c/mesibo_mod_greeter_c.so")
    verdict = host.process(Message("ping", from_="alice", to="bob", id=7))
    print(verdict.result.name, verdict.by.name, verdict.error)
END

python - <<'END' | expect "CONSUMED True None"
from mesibo_abi import Host, Message

with Host() as host:
    module = host.load("greeter_c", "greeter_c/mesibo_mod_greeter_c.so", isolated=True)
    verdict = host.process(Message("ping", from_="alice", to="bob", id=7))
    print(verdict.result.name, module.isolated, verdict.error)
END

mesibo-abi check --only resources greeter_c/mesibo_mod_greeter_c.so | expect "7 passed, 2 skipped"

# The fuzz program is compiled of the sources that the wheel has.
cat >planted.c <<'END'
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char text[8];
    (void)mod, (void)params;
    memcpy(text, message, len);
    return len > 1 && text[0] == text[1] ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_planted_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod))
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
END
export XDG_CACHE_HOME=$PWD/cache
{ mesibo-abi fuzz --runs 2000 planted.c || test $? -eq 1; } |
    expect "found      stack-buffer-overflow write in on_message at planted.c:9"
{ mesibo-abi fuzz --reproduce findings/*.jsonl || test $? -eq 1; } | expect "AddressSanitizer"

{ mesibo-abi doctor --json || test $? -eq 1; } | expect '"name":"C compiler"'

python - <<'END' | expect "hello /x"
from urllib.request import urlopen

from mesibo_abi.peers import HttpPeer

with HttpPeer("hello") as peer:
    print(urlopen(f"{peer.url}/x").read().decode(), peer.requests[0].target)
END

test -f "$(python -m mesibo_abi --includes | cut -c 3-)/module.h"
test -f "$(python -m mesibo_abi --cmakedir)/mesibo_abiConfig.cmake"
PKG_CONFIG_PATH="$(python -m mesibo_abi --pkgconfigdir)" pkg-config --cflags mesibo_abi
echo "the wheel works"
