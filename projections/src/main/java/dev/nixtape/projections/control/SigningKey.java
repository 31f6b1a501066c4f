package dev.nixtape.projections.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;

/// An Ed25519 key that signs commands (RFC 8032, the JDK's own).
///
/// @param key private
/// @param publicKey as policies name it: `ed25519:` and 32 bytes in base 64
public record SigningKey(PrivateKey key, String publicKey) {
  private static final String ED25519 = "Ed25519";
  private static final String PREFIX = "ed25519:";
  private static final int BYTES = 32;

  /// An X.509 public key of Ed25519 but for its 32 bytes (RFC 8410).
  private static final byte[] X509 = {0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0};

  /// Before what is signed, so that no signature of anything else is one of a command.
  private static final byte[] CONTEXT = "nixtape command 1\n".getBytes(US_ASCII);

  private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String END = "-----END PRIVATE KEY-----";
  private static final String BEGIN_PUBLIC = "-----BEGIN PUBLIC KEY-----";
  private static final String END_PUBLIC = "-----END PUBLIC KEY-----";

  public static SigningKey generate() {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(ED25519).generateKeyPair();
      return new SigningKey(pair.getPrivate(), text(pair.getPublic()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no Ed25519", e);
    }
  }

  private static String text(PublicKey key) {
    byte[] encoded = key.getEncoded();
    return PREFIX
        + Base64.getEncoder()
            .encodeToString(Arrays.copyOfRange(encoded, encoded.length - BYTES, encoded.length));
  }

  /// As a file: the private key as PKCS #8 and the public one behind it, both in PEM, which OpenSSL
  /// reads.
  public String toPem() {
    try {
      return block(BEGIN, key.getEncoded(), END)
          + block(BEGIN_PUBLIC, publicKey(publicKey).getEncoded(), END_PUBLIC);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String block(String begin, byte[] bytes, String end) {
    return "%s\n%s\n%s\n".formatted(begin, Base64.getEncoder().encodeToString(bytes), end);
  }

  /// Reads what `toPem` wrote.
  ///
  /// @throws IllegalArgumentException which says what is wrong with it
  public static SigningKey ofPem(String pem) {
    try {
      KeyFactory keys = KeyFactory.getInstance(ED25519);
      return new SigningKey(
          keys.generatePrivate(new PKCS8EncodedKeySpec(block(pem, BEGIN, END))),
          text(keys.generatePublic(new X509EncodedKeySpec(block(pem, BEGIN_PUBLIC, END_PUBLIC)))));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("no Ed25519 key: " + e.getMessage(), e);
    }
  }

  private static byte[] block(String pem, String begin, String end) {
    int from = pem.indexOf(begin);
    int to = pem.indexOf(end);
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("no key: there is no '%s'".formatted(begin));
    }
    return Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to));
  }

  /// A command, signed.
  public ControlRecord.Ordered sign(Command command) {
    byte[] json = Json.write(command);
    try {
      Signature signature = Signature.getInstance(ED25519);
      signature.initSign(key);
      signature.update(CONTEXT);
      signature.update(json);
      return new ControlRecord.Ordered(
          ByteSlice.of(json), publicKey, ByteSlice.of(signature.sign()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("could not sign", e);
    }
  }

  /// Whether an order was signed with the key that it names.
  public static boolean signed(ControlRecord.Ordered order) {
    try {
      Signature signature = Signature.getInstance(ED25519);
      signature.initVerify(publicKey(order.key()));
      signature.update(CONTEXT);
      signature.update(order.json().toArray());
      return signature.verify(order.signature().toArray());
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return false;
    }
  }

  /// Throws `IllegalArgumentException` when a text is no public key.
  public static void requirePublic(String text) {
    try {
      publicKey(text);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "a public key like ed25519:AAAA… (`nixtape key show`), not '%s'".formatted(text), e);
    }
  }

  private static PublicKey publicKey(String text) throws GeneralSecurityException {
    if (!text.startsWith(PREFIX)) {
      throw new InvalidKeyException("no " + PREFIX);
    }
    byte[] raw = Base64.getDecoder().decode(text.substring(PREFIX.length()).getBytes(UTF_8));
    if (raw.length != BYTES) {
      throw new InvalidKeyException(raw.length + " bytes");
    }
    byte[] encoded = Arrays.copyOf(X509, X509.length + BYTES);
    System.arraycopy(raw, 0, encoded, X509.length, BYTES);
    return KeyFactory.getInstance(ED25519).generatePublic(new X509EncodedKeySpec(encoded));
  }
}
