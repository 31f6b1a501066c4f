package dev.nixtape.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.doctor.NixConf.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NixConfTest {
  @TempDir Path folder;
  private Root root;

  @BeforeEach
  void make() throws IOException {
    root = new Root(folder);
  }

  private static String value(NixConf conf, String name) {
    return conf.last(name).map(Setting::value).orElse("nowhere");
  }

  @Test
  void theLastLineOfASettingCounts() throws IOException {
    root.file("/etc/nix/nix.conf", "# cores = 1\ncores = 2\n\n  cores =\t4   # all\n");

    NixConf conf = NixConf.system(root.machine());

    assertEquals(Optional.of(new Setting("cores", "4", "/etc/nix/nix.conf:4")), conf.last("cores"));
  }

  @Test
  void anIncludedFileStandsWhereItIsNamed() throws IOException {
    root.file("/etc/nix/nix.conf", "cores = 1\ninclude more/a.conf\n!include absent.conf\n")
        .file("/etc/nix/more/a.conf", "cores = 2\ninclude b.conf\n")
        .file("/etc/nix/more/b.conf", "jobs = 3\n");

    NixConf conf = NixConf.system(root.machine());

    assertEquals("2", value(conf, "cores"));
    assertEquals("3", value(conf, "jobs"));
    assertEquals(3, conf.files().size());
    assertEquals(List.of(), conf.refused());
  }

  @Test
  void whatNixStopsAtIsNamedWithItsLine() throws IOException {
    root.file("/etc/nix/nix.conf", "cores 4\ncores=4\ninclude absent.conf\ninclude nix.conf\n");

    NixConf conf = NixConf.system(root.machine());

    assertTrue(conf.refused().contains("/etc/nix/nix.conf:1 is no line that Nix takes: 'cores 4'"));
    assertTrue(conf.refused().contains("/etc/nix/nix.conf:2 is no line that Nix takes: 'cores=4'"));
    assertTrue(
        conf.refused()
            .contains("/etc/nix/nix.conf:3 includes /etc/nix/absent.conf, which is not there"));
    assertTrue(conf.refused().contains("/etc/nix/nix.conf:4 includes itself"));
  }

  @Test
  void aFileThatIsNotOursToReadIsNamed() throws IOException {
    Files.createDirectories(root.at("/etc/nix/nix.conf"));

    NixConf conf = NixConf.system(root.machine());

    assertEquals(1, conf.unread().size());
  }

  @Test
  void theSystemsFileMayBeElsewhere() throws IOException {
    root.variable("NIX_CONF_DIR", "/opt/nix").file("/opt/nix/nix.conf", "cores = 2\n");

    NixConf conf = NixConf.system(root.machine());

    assertEquals("2", value(conf, "cores"));
  }

  @Test
  void aUsersOwnFileGoesBeforeTheXdgFolders() throws IOException {
    root.file("/home/alice/.config/nix/nix.conf", "cores = 1\n")
        .file("/etc/xdg/nix/nix.conf", "cores = 2\njobs = 2\n");

    NixConf conf = NixConf.user(root.machine());

    assertEquals("1", value(conf, "cores"));
    assertEquals("2", value(conf, "jobs"));
  }

  @Test
  void filesThatTheEnvironmentNamesReplaceTheUsersOwn() throws IOException {
    root.variable("NIX_USER_CONF_FILES", "/a.conf:/b.conf")
        .file("/a.conf", "cores = 3\n")
        .file("/b.conf", "cores = 4\n")
        .file("/home/alice/.config/nix/nix.conf", "cores = 1\njobs = 1\n");

    NixConf conf = NixConf.user(root.machine());

    assertEquals("3", value(conf, "cores"));
    assertEquals("nowhere", value(conf, "jobs"));
  }

  @Test
  void theEnvironmentHasTheLastWord() throws IOException {
    root.variable("XDG_CONFIG_HOME", "/config")
        .variable("NIX_CONFIG", "jobs = 1\ncores = 5")
        .file("/config/nix/nix.conf", "cores = 1\n");

    NixConf conf = NixConf.user(root.machine());

    assertEquals(Optional.of(new Setting("cores", "5", "$NIX_CONFIG:2")), conf.last("cores"));
  }

  @Test
  void extraWordsAreAdded() throws IOException {
    root.file(
        "/etc/nix/nix.conf",
        "extra-features = a\nfeatures = b c\nextra-features = d\nextra-features =\n");

    NixConf conf = NixConf.system(root.machine());

    assertEquals(Set.of("b", "c", "d"), conf.words("features"));
  }
}
