# For NixOS: records this host's Nix, and controls its builds. The units are those in ./systemd, with other paths.
{ config, lib, pkgs, ... }:
let
  cfg = config.services.nixtape;

  unit = name:
    builtins.replaceStrings [ "/opt/nixtape/nixtape" ] [ cfg.program ] (builtins.readFile (./systemd + "/${name}"));

  service = name: {
    wantedBy = [ "multi-user.target" ];
    text = unit name + ''
      [Service]
      Environment=NIXTAPE_BOOTSTRAP_SERVERS=${cfg.bootstrapServers}
      Environment=JAVA_HOME=${cfg.jdk.home}
      Environment=PATH=${lib.makeBinPath [ pkgs.coreutils pkgs.findutils ]}
    '';
  };
in
{
  options.services.nixtape = {
    enable = lib.mkEnableOption "nixtape: recording this host's Nix, and control of its builds";
    program = lib.mkOption {
      type = lib.types.str;
      default = "/opt/nixtape/nixtape";
      description = "The nixtape to run; it was built where it lies.";
    };
    jdk = lib.mkOption {
      type = lib.types.package;
      default = pkgs.jdk25;
      defaultText = lib.literalExpression "pkgs.jdk25";
      description = "A JDK 25.";
    };
    bootstrapServers = lib.mkOption {
      type = lib.types.str;
      default = "127.0.0.1:9092";
      example = "kafka-1:9092,kafka-2:9092";
      description = "Kafka.";
    };
    policy = lib.mkOption {
      type = lib.types.nullOr lib.types.attrs;
      default = null;
      example = {
        keys.alice = "ed25519:TBz9pP8xqLDGxIJcG5N2Jw0J5k7f8WvJ1pAsVbkQx3Y=";
        rules = [ { who = "alice"; may = "*"; of = "any"; } ];
      };
      description = "Who may do what to whose builds (docs/control.md). Without one, root everything.";
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.units = {
      "nixtape-ingest.socket" = {
        wantedBy = [ "sockets.target" ];
        text = unit "nixtape-ingest.socket";
      };
      "nixtape-ingest.service" = service "nixtape-ingest.service";
      "nixtape-control.service" = service "nixtape-control.service";
    };
    nix.settings.json-log-path = lib.mkDefault "/run/nixtape/nix.sock";
    environment.etc = lib.optionalAttrs (cfg.policy != null) {
      "nixtape/control.json".text = builtins.toJSON cfg.policy;
    };
  };
}
