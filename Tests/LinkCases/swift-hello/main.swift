// Swift with Foundation, generics, errors and tasks; the metadata sections must survive.
//#drivers: swiftc
//#each: RUNTIME = dynamic static-stdlib static-executable
//#compile[static-stdlib]: -static-stdlib
//#compile[static-executable]: -static-executable
//#link[static-stdlib,static-executable]: -Xlinker --gc-sections
//#timeout: 240
//#stdout: 1970-01-01 00:00:00 +0000
//#stdout: decoded [1, 2, 3]
//#stdout: caught bad(7)
//#stdout: Circle area 3
//#stdout: task 42
import Foundation

enum Failure: Error { case bad(Int) }

protocol Shape { var area: Int { get } }
struct Circle: Shape, Codable { var area = 3 }

@inline(never) func fail(_ n: Int) throws { throw Failure.bad(n) }

print(Date(timeIntervalSince1970: 0))
print("decoded", try JSONDecoder().decode([Int].self, from: Data("[1,2,3]".utf8)))
do { try fail(7) } catch { print("caught", error) }
// Conformances are found by name and by walking the metadata sections.
let values: [Any] = [1, Circle()]
for case let shape as any Shape in values { print(type(of: shape), "area", shape.area) }
let task = Task { 42 }
print("task", await task.value)
