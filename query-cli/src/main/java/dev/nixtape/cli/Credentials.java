package dev.nixtape.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/// What is shown to a server over TLS, and who vouches for that server.
record Credentials(Optional<String> token, Optional<SSLSocketFactory> trusting) {

  /// @param tokenFile else `token` in nixtape's configuration, if there is one
  /// @param authority PEM
  static Credentials of(Optional<Path> tokenFile, Optional<Path> authority) {
    Path usual = Places.config().resolve("token");
    Optional<Path> file =
        tokenFile.or(() -> Files.exists(usual) ? Optional.of(usual) : Optional.empty());
    return new Credentials(
        file.map(path -> PrivateText.read("--token-file", path).strip()),
        authority.map(Credentials::trusting));
  }

  private static SSLSocketFactory trusting(Path authority) {
    try (InputStream file = Files.newInputStream(authority)) {
      KeyStore trust = KeyStore.getInstance(KeyStore.getDefaultType());
      trust.load(null, null);
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(file)) {
        trust.setCertificateEntry(Integer.toString(trust.size()), certificate);
      }
      TrustManagerFactory trusted =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trusted.init(trust);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trusted.getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (IOException | GeneralSecurityException e) {
      throw new Failure(
          Failure.USAGE,
          "--ca: cannot read certificates in %s: %s".formatted(authority, e.getMessage()));
    }
  }

  void addTo(HttpsURLConnection connection) {
    token.ifPresent(text -> connection.setRequestProperty("Authorization", "Bearer " + text));
    trusting.ifPresent(connection::setSSLSocketFactory);
  }
}
