package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "apiKey",
        "dbPassword",
        "SSH_AUTH_SOCK",
        "NIX_CREDENTIALS",
        "cachix_auth_token"
      })
  void whatIsNamedLikeASecretIsMasked(String name) {
    assertEquals("***", Secrets.masked(name, "anything"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"keyutils", "authors", "KEYBOARD", "tokenizers", "secretariat", "PATH"})
  void aNameThatOnlyBeginsLikeOneIsNot(String name) {
    assertEquals("anything", Secrets.masked(name, "anything"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          https://alice:pass@example.org/x?y   | https://***@example.org/x?y
          git+https://token@example.org/r      | git+https://***@example.org/r
          -H ghp_abcdefghijklmnopqrst0123456789 -v | -H *** -v
          AKIAIOSFODNN7EXAMPLE                 | ***
          eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc | ***
          0123456789abcdef0123456789abcdef01234567 | ***
          key=Zk3nQ9vT2bX7mW1pL5sR8dY4uH6jC0aE | key=***
          c.org-1:nD3kQz8vT1bX7mWpL5sR8dY4uH6jC0aEfGtKiOlNrPq2Zx9B3MvSwJhU4yTcV6+g==|c.org-1:***
          """)
  void aValueThatLooksLikeOneIsMaskedWhereItDoes(String value, String shown) {
    assertEquals(shown, Secrets.masked("flags", value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a -----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n-----END OPENSSH PRIVATE KEY-----",
        "a -----BEGIN PRIVATE KEY-----\nb3BlbnNzaC1r"
      })
  void aPrivateKeyIsMaskedEvenWhenItIsCut(String value) {
    assertEquals("a ***", Secrets.masked("text", value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nix/store/ad8i55fm2s6zsvh4v63p6i16v67ayrpg-sleeper-dev",
        "-I/nix/store/ad8i55fm2s6zsvh4v63p6i16v67ayrpg-x/include -O2",
        "/nix/store/ad8i55fm2s6zsvh4v63p6i16v67ayrpg-a:/nix/store/5c4rpkydbvzm814znzxy065l2ms0pzi9-b",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ssh-ng://builder@b1.example.org",
        "https://example.org/archive/0123456789abcdef0123456789abcdef01234567.tar.gz",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo;-DLLVM_ENABLE_PROJECTS=clang-tools-extra",
        "JavaScriptFrontendBuildToolchain2WithPlugins",
        "x86_64-unknown-linux-gnu-with-a-rather-long-name-2",
        "1700000000000000000000000000000000000000",
        ""
      })
  void pathsHashesFlagsAndNumbersStay(String value) {
    assertEquals(value, Secrets.masked("flags", value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"outputHash", "sha256", "rev", "NIX_COMMIT"})
  void aHashUnderItsOwnNameStays(String name) {
    String hash = "0123456789abcdef0123456789abcdef01234567";

    assertEquals(hash, Secrets.masked(name, hash));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/nix/store/ad8i55fm2s6zsvh4v63p6i16v67ayrpg-keys", ""})
  void aSecretsNameDoesNotHideAStorePathOrNothing(String value) {
    assertEquals(value, Secrets.masked("signingKey", value));
  }
}
