import ELFFormat

/// `--warn-execstack`, `--warn-rwx-segments` and what makes errors of them.
extension AssignAddresses {
  func checkPermissions() {
    if options.executableStackReport != .none, wantsExecutableStack, !options.omitsStackHeader {
      report(options.executableStackReport, "the stack is executable: \(stackReason)")
    }
    guard options.writableCodeReport != .none else { return }
    for segment in segments {
      if segment.type == .load, segment.flags.contains([.write, .execute]) {
        let names = sectionOrder.filter {
          let section = outputs[$0]
          return section.has.contains([.alloc, .write, .execute])
            && section.address &- segment.address < segment.memorySize
        }.map { "\(outputs[$0].name)" }
        report(
          options.writableCodeReport,
          "a segment is writable and executable: it has \(names.joined(separator: ", "))")
      }
      if segment.type == .threadLocal,
        sectionOrder.contains(where: { outputs[$0].has.contains([.threadLocal, .execute]) })
      {
        report(options.writableCodeReport, "the thread-local segment is executable")
      }
    }
  }

  private var stackReason: String {
    if options.executableStack == true { return "-z execstack asks for it" }
    let file = liveObjects.first { objects[$0].has.contains(.wantsExecutableStack) }
    return "\(file.map { objects[$0].displayName } ?? "an object") asks for it by its"
      + " .note.GNU-stack section"
  }

  private func report(_ level: LinkOptions.ReportLevel, _ text: String) {
    if level == .error { diagnostics.error(text) } else { diagnostics.warning(text) }
  }
}
