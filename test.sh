#!/bin/sh
# Everything that needs no process of its own to be watched: formatting, lints, unit tests, docs.
set -eu
cd "$(dirname "$0")"

# The linker is cc.
command -v cc >/dev/null 2>&1 || { apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev; }

if cargo fmt --version >/dev/null 2>&1; then cargo fmt --check; fi
if cargo clippy --version >/dev/null 2>&1; then
    cargo clippy --locked --all-targets -- -D warnings
fi
cargo test --locked --lib
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib
