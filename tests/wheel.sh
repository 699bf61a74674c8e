# What a user of the installed wheel does, in an empty folder: prints "the wheel works".
mesibo-abi --version
mesibo-abi new greeter --lang c
cd greeter
mesibo-abi build greeter.c
mesibo-abi inspect mesibo_mod_greeter.so
printf '%s\n' '{"from": "alice", "to": "bob", "id": 7, "message": "hello"}' |
    mesibo-abi run mesibo.conf --format jsonl
test -f "$(python -m mesibo_abi --includes | cut -c 3-)/module.h"
test -f "$(python -m mesibo_abi --cmakedir)/mesibo_abiConfig.cmake"
PKG_CONFIG_PATH="$(python -m mesibo_abi --pkgconfigdir)" pkg-config --cflags mesibo_abi
echo "the wheel works"
