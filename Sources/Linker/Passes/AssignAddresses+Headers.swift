import ELFFormat
import Platform

/// How many program headers there are going to be.
extension AssignAddresses {
  /// The number of program headers, as far as it is known before addresses are.
  func expectedSegments(_ loaded: [OutputIndex]) -> Int {
    // The headers' own pages.
    var count = 1
    var last = readOnlyPermissions
    var wasZero = false
    var hasThreadLocals = false
    var hasRelro = false
    var noteAlignment: UInt8?
    let starts = startAddresses()
    for index in loaded {
      let section = outputs[index]
      let flags = permissions(section)
      let isZero = section.type == SectionType.nobits.rawValue
      let isThreadLocal = section.has.contains(.threadLocal)
      if flags != last || wasZero && !isZero || starts[section.name] != nil { count += 1 }
      if section.type == SectionType.note.rawValue {
        if noteAlignment != section.alignment { count += 1 }
        noteAlignment = section.alignment
      }
      if isThreadLocal { hasThreadLocals = true }
      if section.isRelro { hasRelro = true }
      wasZero = isZero && !isThreadLocal
      last = flags
    }
    if isDynamic || !synthetic[.interpreter].isNone { count += 1 }
    if !synthetic[.interpreter].isNone { count += 1 }
    if hasThreadLocals { count += 1 }
    if !synthetic[.dynamic].isNone { count += 1 }
    if hasRelro { count += 1 }
    if !synthetic[.propertyNote].isNone { count += 1 }
    if !synthetic[.frameHeader].isNone { count += 1 }
    if !options.omitsStackHeader { count += 1 }
    return count
  }
}
