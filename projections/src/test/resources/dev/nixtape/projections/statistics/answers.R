# What R says of the samples that AgainstRTest made: Rscript answers.R SAMPLES ANSWERS
# A sample a line: name, values before, values after; numbers in hexadecimal, so that nothing is rounded on the way.
args <- commandArgs(trailingOnly = TRUE)
samples <- strsplit(readLines(args[1]), "\t")
numbers <- function(text) as.numeric(strsplit(text, ",")[[1]])
written <- function(values) paste(sprintf("%.17g", values), collapse = "\t")

answers <- lapply(samples, function(sample) {
  before <- numbers(sample[2])
  after <- numbers(sample[3])
  # R's default up to 4.5, said aloud: later ones may be exact with ties too.
  exact <- max(length(before), length(after)) < 50 && !anyDuplicated(c(before, after))
  shift <- wilcox.test(after, before, exact = exact, conf.int = TRUE, tol.root = 1e-6)
  rank <- qbinom(0.025, length(after), 0.5)
  c(
    shift$p.value, shift$estimate, shift$conf.int,
    quantile(after, c(0, 0.1, 0.25, 0.5, 0.9, 0.99, 1), type = 7),
    if (rank == 0) c(NA, NA) else sort(after)[c(rank, length(after) + 1 - rank)]
  )
})
adjusted <- p.adjust(sapply(answers, `[`, 1), "BH")
writeLines(
  mapply(function(sample, answer, p) paste(sample[1], written(c(answer, p)), sep = "\t"), samples, answers, adjusted),
  args[2]
)
