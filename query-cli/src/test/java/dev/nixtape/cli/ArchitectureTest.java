package dev.nixtape.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

/// What the modules may see of each other, and the domain of the world.
class ArchitectureTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.nixtape");

  @Test
  void theDomainKnowsOnlyTheJdkJacksonAndStatistics() {
    classes()
        .that()
        .resideInAPackage("dev.nixtape.projections..")
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(
                "dev.nixtape.projections..",
                "java.lang..",
                "java.math..",
                "java.net..",
                "java.nio",
                "java.nio.charset..",
                "java.io..",
                "java.security..",
                "java.time..",
                "java.util..",
                "com.fasterxml.jackson..",
                "org.apache.commons.statistics..",
                "org.apache.datasketches..",
                "org.jspecify.."))
        .check(ALL);
  }

  @Test
  void theDomainReadsNoClockAndDoesNoInput() {
    noClasses()
        .that()
        .resideInAPackage("dev.nixtape.projections..")
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "getenv", String.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Clock.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(InstantSource.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(java.io.File.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(java.io.Reader.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(java.net.Socket.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Thread.class)
        .check(ALL);
  }

  @Test
  void ingestAndStreamsMeetOnlyInTheLogsContract() {
    noClasses()
        .that(resideInAPackage("dev.nixtape.ingest.."))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.nixtape.streams..",
            "dev.nixtape.control..",
            "dev.nixtape.sql..",
            "dev.nixtape.cli..",
            "dev.nixtape.projections.fold..")
        .check(ALL);
    noClasses()
        .that(resideInAPackage("dev.nixtape.streams.."))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.nixtape.ingest..",
            "dev.nixtape.control..",
            "dev.nixtape.cli..",
            "dev.nixtape.sql..")
        .check(ALL);
  }

  @Test
  void controlKnowsOnlyTheDomain() {
    noClasses()
        .that(resideInAPackage("dev.nixtape.control.."))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.nixtape.ingest..",
            "dev.nixtape.streams..",
            "dev.nixtape.sql..",
            "dev.nixtape.cli..",
            "dev.nixtape.projections.fold..",
            "dev.nixtape.projections.history..")
        .allowEmptyShould(true)
        .check(ALL);
  }

  @Test
  void factsAsFilesKnowOnlyTheDomain() {
    noClasses()
        .that(resideInAPackage("dev.nixtape.sql.."))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.nixtape.ingest..",
            "dev.nixtape.streams..",
            "dev.nixtape.cli..",
            "dev.nixtape.projections.fold..",
            "dev.nixtape.projections.history..")
        .check(ALL);
  }

  /// Its classes are not there for other commands.
  @Test
  void duckDbIsSeenByItsModuleAlone() {
    noClasses()
        .that(resideOutsideOfPackage("dev.nixtape.sql.."))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.duckdb..")
        .check(ALL);
  }

  @Test
  void onlyTheProgramKnowsWhoReadsTheMeters() {
    noClasses()
        .that(resideInAnyPackage("dev.nixtape.ingest..", "dev.nixtape.streams.."))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.micrometer.prometheusmetrics..", "io.prometheus..")
        .check(ALL);
  }

  @Test
  void noPackagesDependOnEachOtherInACircle() {
    slices().matching("dev.nixtape.(**)").should().beFreeOfCycles().check(ALL);
  }
}
