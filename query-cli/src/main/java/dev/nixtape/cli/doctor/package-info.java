/// What stands between this machine's Nix and the answers, looked at link by link: each check turns
/// what it sees into findings.
@NullMarked
package dev.nixtape.cli.doctor;

import org.jspecify.annotations.NullMarked;
