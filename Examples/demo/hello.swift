import Foundation

// Protocols, generics and Foundation: what needs Swift's metadata sections to be found.
protocol Shape { var area: Double { get } }
struct Square: Shape, Codable { var side: Double; var area: Double { side * side } }

let shapes: [any Shape] = [Square(side: 2), Square(side: 3)]
let encoder = JSONEncoder()
let json = String(decoding: try encoder.encode(Square(side: 4)), as: UTF8.self)
print("hello from Swift: area \(shapes.map(\.area).reduce(0, +)), \(json)")
