// The tests: every run of every case is one argument.
//
// The bodies are synchronous and wait for their commands, so the number of cases in progress is the
// number of threads that Swift Testing runs on: one a core.

import Testing

extension Tag {
  /// Runs of whole language toolchains.
  @Tag static var slow: Self
}

@Suite struct LinkCaseTests {
  init() { _ = removeTestBedAtExit }

  @Test func allCasesAreWellFormed() {
    #expect(CaseCatalogue.shared.problems.isEmpty)
  }

  @Test(arguments: CaseCatalogue.shared.runs.filter { !$0.driver.isSlow })
  func links(_ run: CaseRun) throws {
    try run.execute()
  }

  @Test(.tags(.slow), arguments: CaseCatalogue.shared.runs.filter { $0.driver.isSlow })
  func linksLanguage(_ run: CaseRun) throws {
    try run.execute()
  }
}
