import ELFFormat
import Platform
import Synchronization

/// The first file that has a group keeps it: before sections are read, so that losers are never
/// looked at.
struct ElectGroups: UsesServices, ReadsInputs, ReadsContents {
  let services: Services
  let inputs: Inputs
  let contents: Contents

  static func run(_ services: Services, _ inputs: Inputs, _ contents: Contents) {
    ElectGroups(services: services, inputs: inputs, contents: contents).elect()
  }

  private func elect() {
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      for group in file.pointee.firstGroup..<file.pointee.firstGroup + file.pointee.groupCount {
        atomicMax(groupClaims.base + groups[group].signature.int, groupClaim(group, in: file))
      }
    }
  }
}
