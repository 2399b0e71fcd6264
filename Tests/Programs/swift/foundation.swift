import Dispatch
import Foundation

struct Person: Codable, Equatable {
  var name: String
  var born: Date
  var numbers: [Int]
}

actor Sum {
  private(set) var total = 0
  func add(_ n: Int) { total += n }
}

let person = Person(
  name: "Grete", born: Date(timeIntervalSince1970: -2_000_000_000), numbers: [1, 2, 3])
let data = try JSONEncoder().encode(person)
let copy = try JSONDecoder().decode(Person.self, from: data)

let formatter = DateFormatter()
formatter.locale = Locale(identifier: "en_US_POSIX")
formatter.timeZone = TimeZone(secondsFromGMT: 0)
formatter.dateFormat = "d MMMM yyyy"

var failure = "none"
do {
  _ = try Data(contentsOf: URL(fileURLWithPath: "/there/is/no/such/file"))
} catch {
  failure = "\(type(of: error))"
}

let sum = Sum()
await withTaskGroup(of: Void.self) { group in
  for n in 1...100 { group.addTask { await sum.add(n) } }
}
let semaphore = DispatchSemaphore(value: 0)
DispatchQueue.global().async { semaphore.signal() }
let waited = semaphore.wait(timeout: .now() + 30) == .success

let words = "one two three".split(separator: /\s/).count
print(
  copy == person, formatter.string(from: person.born), failure, await sum.total, waited, words,
  String(reflecting: Mirror(reflecting: person).children.map(\.label!)))
