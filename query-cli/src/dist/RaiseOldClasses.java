import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;

/// The JDK's AOT cache leaves out classes older than Java 6, which picocli's, slf4j's and a few more are: 30 ms of every command.
/// This rewrites them, in the jars of the folder given, as Java 8 classes with stack maps, and leaves all else as it is.
///
/// Run from its source by Maven (`query-cli/pom.xml`), after the jars were copied.
static final int JAVA_6 = ClassFile.JAVA_6_VERSION;

void main(String[] args) throws IOException {
  List<Path> jars;
  try (var files = Files.list(Path.of(args[0]))) {
    jars = files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
  }
  var urls = new URL[jars.size()];
  for (int i = 0; i < urls.length; i++) {
    urls[i] = jars.get(i).toUri().toURL();
  }
  try (var loader = new URLClassLoader(urls)) {
    // Stack maps need to know which class extends which.
    var classFile =
        ClassFile.of(
            StackMapsOption.GENERATE_STACK_MAPS,
            ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofClassLoading(loader)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    for (var jar : jars) {
      if (hasOldClasses(jar)) {
        rewrite(jar, classFile);
      }
    }
  }
}

boolean isOldClass(String name, byte[] content) {
  // u4 magic, u2 minor version, u2 major version
  return name.endsWith(".class") && ((content[6] & 0xff) << 8 | content[7] & 0xff) < JAVA_6;
}

boolean hasOldClasses(Path jar) throws IOException {
  try (var zip = new ZipFile(jar.toFile())) {
    for (var entry : Collections.list(zip.entries())) {
      if (entry.getName().endsWith(".class")) {
        try (var in = zip.getInputStream(entry)) {
          if (isOldClass(entry.getName(), in.readNBytes(8))) {
            return true;
          }
        }
      }
    }
  }
  return false;
}

void rewrite(Path jar, ClassFile classFile) throws IOException {
  var rewritten = jar.resolveSibling(jar.getFileName() + ".new");
  try (var in = new ZipFile(jar.toFile());
      var out = new ZipOutputStream(Files.newOutputStream(rewritten))) {
    for (var entry : Collections.list(in.entries())) {
      var content = in.getInputStream(entry).readAllBytes();
      var copy = new ZipEntry(entry.getName());
      copy.setTime(entry.getTime());
      out.putNextEntry(copy);
      out.write(isOldClass(entry.getName(), content) ? raise(content, classFile) : content);
    }
  }
  Files.move(rewritten, jar, StandardCopyOption.REPLACE_EXISTING);
}

byte[] raise(byte[] old, ClassFile classFile) {
  var everyMethodAnew = ClassTransform.transformingMethodBodies((code, element) -> code.with(element));
  ClassTransform asJava8 =
      (builder, element) -> {
        if (element instanceof ClassFileVersion) {
          builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
        } else {
          builder.with(element);
        }
      };
  try {
    return classFile.transformClass(classFile.parse(old), everyMethodAnew.andThen(asJava8));
  } catch (IllegalArgumentException cannot) {
    // It extends something optional that is not here, or holds a jsr: as it was, it runs.
    return old;
  }
}
