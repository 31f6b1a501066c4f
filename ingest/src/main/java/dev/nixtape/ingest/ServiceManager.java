package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.FileDescriptorCast;

/// The service manager that started this process, as systemd speaks (sd_notify(3),
/// sd_listen_fds(3)): it may pass sockets at the start, and keep sockets over a restart.
///
/// A Nix whose connection breaks logs nothing more for the rest of its life. What the manager keeps
/// does not break when this process ends or dies.
public final class ServiceManager implements AutoCloseable {
  /// SD_LISTEN_FDS_START of systemd's sd-daemon.h.
  private static final int FIRST_DESCRIPTOR = 3;

  /// A socket that was passed.
  ///
  /// @param name the unit's `FileDescriptorName=`, or the name that it was kept by
  public record Passed(String name, int descriptor) {
    <T> T as(Class<T> channel) throws IOException {
      return FileDescriptorCast.unsafeUsing(descriptor).as(channel);
    }
  }

  private final List<Passed> passed;
  private final @Nullable AFUNIXDatagramChannel notify;

  private ServiceManager(List<Passed> passed, @Nullable AFUNIXDatagramChannel notify) {
    this.passed = List.copyOf(passed);
    this.notify = notify;
  }

  /// Nobody started this process as a service.
  public static ServiceManager none() {
    return new ServiceManager(List.of(), null);
  }

  /// The one that the environment tells of.
  ///
  /// @param pid of this process
  /// @throws IOException when its socket cannot be used
  public static ServiceManager of(Map<String, String> environment, long pid) throws IOException {
    return new ServiceManager(passed(environment, pid), notify(environment));
  }

  private static List<Passed> passed(Map<String, String> environment, long pid) {
    List<Passed> passed = new ArrayList<>();
    String count = environment.getOrDefault("LISTEN_FDS", "");
    // For another process, which handed its environment on.
    if (!count.matches("[0-9]{1,6}")
        || !environment.getOrDefault("LISTEN_PID", "").equals(Long.toString(pid))) {
      return passed;
    }
    String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
    for (int i = 0; i < Integer.parseInt(count); i++) {
      passed.add(new Passed(i < names.length ? names[i] : "", FIRST_DESCRIPTOR + i));
    }
    return passed;
  }

  private static @Nullable AFUNIXDatagramChannel notify(Map<String, String> environment)
      throws IOException {
    String address = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (address.isEmpty()) {
      return null;
    }
    AFUNIXDatagramChannel channel = AFUNIXDatagramChannel.open();
    channel.connect(
        address.startsWith("@")
            ? AFUNIXSocketAddress.inAbstractNamespace(address.substring(1))
            : AFUNIXSocketAddress.of(Path.of(address)));
    return channel;
  }

  List<Passed> passed() {
    return passed;
  }

  /// Whether there is one that may keep sockets.
  boolean keeps() {
    return notify != null;
  }

  /// Has a socket kept under a name until it is forgotten. `FDPOLL=0`: a manager that lets go of a
  /// connection when its other end has gone throws away what was not read yet.
  void keep(String name, FileDescriptor socket) throws IOException {
    if (notify != null) {
      synchronized (notify) {
        notify.setOutboundFileDescriptors(socket);
        tell("FDSTORE=1\nFDNAME=" + name + "\nFDPOLL=0\n");
      }
    }
  }

  void forget(String name) throws IOException {
    tell("FDSTOREREMOVE=1\nFDNAME=" + name + "\n");
  }

  /// Says that the service is up.
  public void ready(String status) throws IOException {
    tell("READY=1\nSTATUS=" + status + "\n");
  }

  public void stopping() throws IOException {
    tell("STOPPING=1\n");
  }

  private void tell(String assignments) throws IOException {
    if (notify != null) {
      synchronized (notify) {
        notify.write(ByteBuffer.wrap(assignments.getBytes(UTF_8)));
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (notify != null) {
      notify.close();
    }
  }
}
