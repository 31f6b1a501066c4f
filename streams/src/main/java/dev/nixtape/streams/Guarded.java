package dev.nixtape.streams;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// TLS with the certificate of a key store, and tokens. Towards other instances, whoever vouches
/// for that certificate is trusted to vouch for theirs.
///
/// @param own what this instance shows to the others
record Guarded(SSLContext tls, Tokens tokens, Optional<String> own) {

  /// @throws IOException which says what is wrong with which file
  static Guarded by(Access.Guard guard) throws IOException {
    Optional<String> own = Optional.empty();
    if (guard.token().isPresent()) {
      PrivateFile.require(guard.token().get());
      own = Optional.of(Files.readString(guard.token().get()).strip());
    }
    return new Guarded(tls(guard), Tokens.in(guard.tokens()), own);
  }

  private static SSLContext tls(Access.Guard guard) throws IOException {
    PrivateFile.require(guard.keyStore());
    PrivateFile.require(guard.password());
    char[] password = Files.readString(guard.password()).strip().toCharArray();
    try (InputStream file = Files.newInputStream(guard.keyStore())) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(file, password);
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, password);
      TrustManagerFactory trusted =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trusted.init(vouching(store, guard.keyStore()));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trusted.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IOException(
          "cannot use the key store %s: %s".formatted(guard.keyStore(), e.getMessage()), e);
    }
  }

  /// The last certificate of each chain.
  private static KeyStore vouching(KeyStore store, Path file)
      throws GeneralSecurityException, IOException {
    KeyStore trust = KeyStore.getInstance(KeyStore.getDefaultType());
    trust.load(null, null);
    for (String alias : Collections.list(store.aliases())) {
      Certificate[] chain = store.getCertificateChain(alias);
      if (chain != null && chain.length > 0) {
        trust.setCertificateEntry(alias, chain[chain.length - 1]);
      }
    }
    if (trust.size() == 0) {
      throw new IOException("there is no private key with a certificate in " + file);
    }
    return trust;
  }

  HttpsServer server(InetSocketAddress address) throws IOException {
    HttpsServer server = HttpsServer.create(address, 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    return server;
  }

  HttpURLConnection open(URI address) throws IOException {
    HttpsURLConnection connection = (HttpsURLConnection) address.toURL().openConnection();
    connection.setSSLSocketFactory(tls.getSocketFactory());
    own.ifPresent(token -> connection.setRequestProperty("Authorization", "Bearer " + token));
    return connection;
  }

  /// Whether that is the name that the instances have among themselves.
  boolean isInstance(String principal) throws IOException {
    return own.isPresent() && tokens.holder(own.get()).filter(principal::equals).isPresent();
  }
}
