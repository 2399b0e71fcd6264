/// What programs without C libraries need, written in the language itself. Names that start with
/// `__` mean parts of the machine here: words and bytes of memory, system calls, room in the frame.
enum Runtime {
  /// Facts that the source uses as constants.
  static func constants(_ machine: MachineFacts) -> [String: Int64] {
    let (isBelow, reserved): (Bool, Int) =
      switch machine.threadLayout {
      case .above(let reserved): (false, reserved)
      case .below: (true, 0)
      }
    return [
      "__word": Int64(machine.wordBytes),
      "__big_endian": machine.isBigEndian ? 1 : 0,
      "__threads_below": isBelow ? 1 : 0,
      "__threads_reserved": Int64(reserved),
    ]
  }

  static func name(_ function: RuntimeFunction) -> String {
    switch function {
    case .printString: "print_string"
    case .printInteger: "print_integer"
    case .sleep: "sleep"
    case .exit: "exit"
    case .start: "start"
    }
  }

  /// Room for the thread-local variables of the first thread, by name in the source below.
  static let threadBlock = "thread_block"

  /// The functions of the runtime for a machine. Each stands alone, so that it can be made when it
  /// is first used; only `start` refers to anything.
  static func compile(for machine: MachineFacts) -> (
    functions: [RuntimeFunction: IRFunction], threadBlock: CheckedGlobal
  ) {
    do throws(CompileErrors) {
      let program = try Checker.check(Array(source.utf8), machine: machine, isRuntime: true)
      var functions: [RuntimeFunction: IRFunction] = [:]
      for function in RuntimeFunction.allCases {
        functions[function] =
          program.functions.first { $0.body.name == name(function) }?.body.ir
      }
      return (functions, program.globals[0])
    } catch {
      let file = SourceFile(path: "runtime", bytes: Array(source.utf8))
      preconditionFailure(error.diagnostics.map(file.rendered).joined(separator: "\n"))
    }
  }

  private static let source = """
    fn print_string(text: str) {
      var count = 0
      while text[count] != 0 { count += 1 }
      __write(1, __address(text), count)
    }

    fn print_integer(number: int) {
      // Digits are taken of the negative, which has room for the least number.
      var rest = number
      if rest > 0 { rest = -rest }
      let buffer = __frame(4)
      let end = buffer + 4 * __word
      // On machines of 4 bytes there are at most 11 characters, on those of 8, 20.
      var at = end
      while true {
        at -= 1
        __store_byte(at, '0' - rest % 10)
        rest /= 10
        if rest == 0 { break }
      }
      if number < 0 {
        at -= 1
        __store_byte(at, '-')
      }
      __write(1, at, end - at)
    }

    fn sleep(milliseconds: int) {
      let time = __frame(2)
      __store(time, milliseconds / 1000)
      __store(time + __word, milliseconds % 1000 * 1000000)
      __nanosleep(time, 0)
    }

    fn exit(code: int) {
      while true { __exit(code) }
    }

    var thread_block: [int; 2048]

    // What the kernel puts on the stack: the argument count, arguments, 0, environment, 0, and
    // pairs of words that tell of the program; here, of its program headers.
    fn start(stack: int) {
      let count = __load(stack)
      let arguments = stack + __word
      var at = arguments + (count + 1) * __word
      while __load(at) != 0 { at += __word }
      at += __word
      var header = 0
      var size = 0
      var headers = 0
      while __load(at) != 0 {
        let tag = __load(at)
        let value = __load(at + __word)
        if tag == 3 { header = value }
        if tag == 4 { size = value }
        if tag == 5 { headers = value }
        at += 2 * __word
      }
      let low = __big_endian * 3
      for i in 0..<headers {
        // The type of the one that describes thread-local variables is 7.
        if __load_byte(header + low) == 7 && __load_byte(header + (3 - low)) == 0 {
          let image = __load(header + 2 * __word)
          let image_size = __load(header + 4 * __word)
          let whole_size = __load(header + 5 * __word)
          // The alignment is the last field, which 32 bits have flags before.
          var mask = __load(header + (8 - __word / 4) * __word) - 1
          if mask < 0 { mask = 0 }
          let block = (__address(thread_block) + (mask | 15)) & ~(mask | 15)
          var pointer = block
          var place = block + ((__threads_reserved + mask) & ~mask)
          if __threads_below == 1 {
            place = block
            pointer = block + ((whole_size + mask) & ~mask)
            __store(pointer, pointer)
          }
          for byte in 0..<image_size { __store_byte(place + byte, __load_byte(image + byte)) }
          __set_thread_pointer(pointer)
        }
        header += size
      }
      let code = __main(count, arguments)
      while true { __exit(code) }
    }
    """
}
