package dev.nixtape.projections.statistics;

import org.apache.commons.statistics.inference.AlternativeHypothesis;
import org.apache.commons.statistics.inference.FisherExactTest;

/// Whether more tries fail than did: Fisher's exact test, one-sided, which is exact for few tries
/// and rare failures too.
///
/// @param before how many failed
/// @param goodBefore how many did not
/// @param after how many fail
/// @param goodAfter how many do not
public record Failing(int before, int goodBefore, int after, int goodAfter) {
  private static final FisherExactTest MORE =
      FisherExactTest.withDefaults().with(AlternativeHypothesis.GREATER_THAN);

  /// Whether so many failures among so many tries can prove something: if all of them were after.
  public boolean enough() {
    int failures = before + after;
    int tries = after + goodAfter;
    if (failures == 0 || tries == 0 || before + goodBefore == 0) {
      return false;
    }
    int most = Math.min(failures, tries);
    return new Failing(failures - most, before + goodBefore - (failures - most), most, tries - most)
            .p()
        <= Shift.SIGNIFICANT;
  }

  /// How likely at least so many of all failures are after, when nothing changed.
  public double p() {
    return MORE.test(new int[][] {{after, goodAfter}, {before, goodBefore}}).getPValue();
  }
}
