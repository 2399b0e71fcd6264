import Glibc
import TestSupport
import Testing

/// Compiles and links small programs with the linkers of the machine, into a folder of its own.
struct Toolchain {
  let folder: String

  init() {
    var template = Array("/tmp/elf-compare-XXXXXX".utf8CString)
    folder = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)!) }
  }

  func remove() { _ = run(["rm", "-rf", folder]) }

  static func has(_ program: String) -> Bool {
    for directory in ["/usr/bin", "/usr/local/bin"]
    where access("\(directory)/\(program)", X_OK) == 0 {
      return true
    }
    return false
  }

  @discardableResult
  func run(_ arguments: [String]) -> Int32 {
    var pid = pid_t()
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    guard posix_spawnp(&pid, arguments[0], nil, nil, pointers, environ) == 0 else { return -1 }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status
  }

  func write(_ name: String, _ text: String) -> String {
    let path = "\(folder)/\(name)"
    let file = fopen(path, "w")!
    fputs(text, file)
    fclose(file)
    return path
  }

  /// Compiles `source` once and links the object with `linker`; `nil` when a step fails.
  func build(_ source: String, language: String, compile: [String], link: [String], linker: String)
    -> String?
  {
    let driver = language == "c" ? "gcc" : "g++"
    let input = write("input.\(language)", source)
    let output = "\(folder)/out.\(linker)"
    guard run([driver, "-c", input, "-o", "\(folder)/input.o"] + compile) == 0,
      run([driver, "-fuse-ld=\(linker)", "\(folder)/input.o", "-o", output] + link) == 0
    else { return nil }
    return output
  }

  func read(_ path: String) -> [UInt8] { readBytes(path)! }
}

/// A source and how it is built.
struct Sample: CustomTestStringConvertible, Sendable {
  var name: String
  var language: String
  var source: String
  var compile: [String]
  var link: [String]
  var testDescription: String { name }

  static let all: [Sample] = [
    Sample(name: "pie", language: "c", source: hello, compile: ["-O2"], link: []),
    Sample(
      name: "no-pie", language: "c", source: hello, compile: ["-fno-pie"], link: ["-no-pie"]),
    Sample(
      name: "shared", language: "c", source: library, compile: ["-fPIC"],
      link: ["-shared", "-Wl,-soname,libx.so", "-Wl,--hash-style=both"]),
    Sample(
      name: "now", language: "c", source: library, compile: ["-fPIC", "-O2"],
      link: ["-shared", "-Wl,-z,now"]),
    Sample(
      name: "tls relaxed", language: "c", source: library + "int main(void) { return api(1); }",
      compile: ["-fPIC"], link: []),
    Sample(
      name: "exceptions", language: "cc", source: exceptions, compile: ["-O2"], link: ["-pthread"]),
  ]

  static let hello = """
    #include <stdio.h>
    static int counter; int table[5] = {1, 2, 3, 4, 5}; int *ptr = &table[2];
    const char *names[] = {"one", "two", "three", 0};
    static int pick(int x) {
      switch (x) {
      case 0: return puts("zero"); case 1: return puts("uno"); case 2: return printf("%d", x);
      case 3: return counter++; case 4: return table[1]; case 5: return fputs("err", stderr);
      default: return -1;
      }
    }
    int main(int c, char **v) { printf("%s %f", names[c % 3], c * 1.5); return pick(c) + *ptr; }
    """

  static let library = """
    #include <stdio.h>
    #include <errno.h>
    __thread int shown = 3; static __thread int kept; int gv = 7;
    __attribute__((visibility("hidden"))) int hid = 4; static int loc[10];
    int *gp = &gv, *hp = &hid, *lp = &loc[3];
    __attribute__((constructor)) static void begin(void) { kept++; }
    __attribute__((destructor)) static void end_(void) { kept--; }
    int api(int x) { shown += x; kept += x; loc[x & 7] = gv; errno = 0; return hid + shown + kept; }
    int other(void) { return api(3) + *gp + printf("other"); }
    """

  static let exceptions = """
    #include <iostream>
    #include <stdexcept>
    #include <thread>
    #include <string>
    struct S { virtual ~S() {} virtual int f() { return 1; } };
    struct T : S { int f() override { return 2; } };
    thread_local std::string text = "x";
    int thrower(int x) { if (x > 2) throw std::runtime_error("bad"); if (x > 1) throw 5; return x; }
    int main(int c, char **) {
      std::thread t([&] { text += "y"; try { thrower(c); } catch (int k) { std::cout << k; } });
      t.join();
      S *s = c > 1 ? new S : new T;
      std::cout << s->f() << dynamic_cast<T *>(s);
      delete s;
    }
    """
}
