# What the demo's recording built: packages that take seconds and talk like real ones. They need no nixpkgs.
let
  build = pname: version: { deps ? [ ], phases }: derivation {
    name = "${pname}-${version}";
    inherit pname version deps;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" (builtins.concatStringsSep "\n" (map phase phases)) ];
  };
  phase = { name, seconds, lines ? 8, after ? "" }: ''
    echo '@nix {"action":"setPhase","phase":"${name}"}' >&2
    echo "Running phase: ${name}"
    i=0
    while [ $i -lt ${toString lines} ]; do
      i=$((i + 1))
      echo "[$i/${toString lines}] ${name}: src/module_$i.c"
      sleep $(( ${toString seconds} * i / ${toString lines} - ${toString seconds} * (i - 1) / ${toString lines} ))
    done
    ${after}
  '';
  unpack = { name = "unpackPhase"; seconds = 1; lines = 3; };
  configure = seconds: { name = "configurePhase"; inherit seconds; lines = 14; };
  make = seconds: { name = "buildPhase"; inherit seconds; lines = 40; };
  install = { name = "installPhase"; seconds = 1; lines = 4; after = "echo done > $out"; };
  check = seconds: { name = "checkPhase"; inherit seconds; lines = 12; };
in rec {
  zlib = build "zlib" "1.3.1" { phases = [ unpack (configure 2) (make 4) install ]; };
  openssl = build "openssl" "3.5.0" { deps = [ zlib ]; phases = [ unpack (configure 4) (make 18) (check 5) install ]; };
  sqlite = build "sqlite" "3.50.2" { phases = [ unpack (configure 3) (make 12) install ]; };
  curl = build "curl" "8.14.1" { deps = [ openssl zlib ]; phases = [ unpack (configure 5) (make 10) install ]; };
  libgit2 = build "libgit2" "1.9.1" {
    deps = [ zlib ];
    phases = [
      unpack
      (configure 2)
      (make 7)
      ((check 4) // {
        after = ''
          echo "FAIL: refs::iterator (expected 4 references, got 3)"
          exit 1
        '';
      })
    ];
  };
  cargo = build "cargo" "1.88.0" { deps = [ curl libgit2 ]; phases = [ unpack (make 9) install ]; };
  python3 = build "python3" "3.13.5" { deps = [ sqlite zlib ]; phases = [ unpack (configure 6) (make 16) install ]; };
  texlive = build "texlive" "2025" { phases = [ unpack (configure 2) (make 90) install ]; };
}
