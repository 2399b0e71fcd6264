import Linker
import Testing

@testable import LinkerCLI

/// Lines as compiler drivers write them.
@Suite struct CommandLineDriverTests {
  static let gccPrefix =
    "-plugin /usr/lib/gcc/liblto_plugin.so -plugin-opt=/usr/lib/gcc/lto-wrapper "
    + "-plugin-opt=-fresolution=/tmp/c.res -plugin-opt=-pass-through=-lgcc "
    + "-plugin-opt=-pass-through=-lgcc_s -plugin-opt=-pass-through=-lc "

  @Test func gccExecutable() {
    let options = linkOptions(
      Self.gccPrefix
        + "--build-id --eh-frame-hdr -m elf_x86_64 --hash-style=gnu --as-needed "
        + "-dynamic-linker /lib64/ld-linux-x86-64.so.2 -pie -o a Scrt1.o crti.o crtbeginS.o "
        + "-L/usr/lib/gcc a.o -lgcc --push-state --as-needed -lgcc_s --pop-state -lc "
        + "-lgcc --push-state --as-needed -lgcc_s --pop-state crtendS.o crtn.o")
    #expect(options.buildID == .standard && options.ehFrameHeader && options.hashStyle == .gnu)
    #expect(options.emulation == "elf_x86_64" && options.outputPath == "a")
    #expect(options.dynamicLinker == "/lib64/ld-linux-x86-64.so.2")
    #expect(options.outputKind == .executable && options.isPositionIndependent)
    #expect(
      options.inputNames == [
        "Scrt1.o", "crti.o", "crtbeginS.o", "a.o", "-lgcc", "-lgcc_s", "-lc", "-lgcc", "-lgcc_s",
        "crtendS.o", "crtn.o",
      ])
    #expect(options.inputs.allSatisfy { $0.state.asNeeded })
  }

  @Test func gccOtherKinds() {
    let fixed = linkOptions(
      "--build-id -m elf_x86_64 --hash-style=gnu --as-needed -static -z relro -o a crt1.o "
        + "crtbeginT.o a.o --start-group -lgcc -lgcc_eh -lc --end-group crtend.o")
    #expect(fixed.isStatic && !fixed.isPositionIndependent && !fixed.ehFrameHeader)
    #expect(fixed.state(of: "-lc")?.isStatic == true)
    let staticPIE = linkOptions("-static -pie --no-dynamic-linker -z text -o a rcrt1.o a.o")
    #expect(staticPIE.isStatic && staticPIE.isPositionIndependent && staticPIE.noDynamicLinker)
    let relocatable = linkOptions(
      Self.gccPrefix + "-m elf_x86_64 -dynamic-linker /lib64/ld.so -r -o a.o b.o c.o")
    #expect(relocatable.outputKind == .relocatable)
    let sanitized = linkOptions(
      "--push-state --no-as-needed -lasan --pop-state --as-needed -Bstatic --whole-archive "
        + "-lubsan --no-whole-archive -Bdynamic -lc --wrap=pthread_create "
        + "--compress-debug-sections=zstd -fuse-ld=gold -export-dynamic -m elf_i386")
    #expect(sanitized.state(of: "-lubsan")?.wholeArchive == true)
    #expect(sanitized.state(of: "-lubsan")?.isStatic == true)
    #expect(sanitized.state(of: "-lc")?.isStatic == false)
    #expect(sanitized.wrappedSymbols == ["pthread_create"] && sanitized.exportsAll)
    #expect(sanitized.debugCompression == .zstd)
  }

  @Test func clang() {
    let options = linkOptions(
      "--hash-style=gnu --build-id --eh-frame-hdr -m elf_x86_64 -pie -dynamic-linker /l/ld.so "
        + "-o a crt1.o -L/usr/lib -lgcc --as-needed -lgcc_s --no-as-needed -lc "
        + "-plugin-opt=mcpu=x86-64 -plugin-opt=O2 -plugin-opt=thinlto "
        + "--whole-archive libclang_rt.asan.a --no-whole-archive --dynamic-list=asan.syms "
        + "-u__llvm_profile_runtime -l:libunwind.a")
    #expect(options.state(of: "-lgcc_s")?.asNeeded == true)
    #expect(options.state(of: "-lc")?.asNeeded == false)
    #expect(options.state(of: "libclang_rt.asan.a")?.wholeArchive == true)
    #expect(options.dynamicLists == ["asan.syms"])
    #expect(options.undefinedSymbols == ["__llvm_profile_runtime"])
    #expect(options.inputNames.last == "-l:libunwind.a")
    let android = linkOptions(
      "-EL --fix-cortex-a53-843419 -z now -z relro -z max-page-size=16384 "
        + "--use-android-relr-tags --pack-dyn-relocs=relr -m aarch64linux -X a.o")
    #expect(
      android.maximumPageSize == 16384 && android.packsRelative && android.isBigEndian == false)
    #expect(android.usesAndroidRelrTags && android.errata == ["cortex-a53-843419"])
  }

  @Test func rustc() {
    let options = linkOptions(
      "-m elf_x86_64 symbols.o main.o --as-needed -Bstatic libstd.rlib -Bdynamic -lgcc_s -lutil "
        + "-fuse-ld=lld --eh-frame-hdr -z noexecstack -o main --gc-sections -pie -z relro -z now "
        + "-O1 --strip-debug")
    #expect(options.collectsGarbage && options.bindsNow && options.executableStack == false)
    #expect(options.optimizationLevel == 1 && options.strip == .debug)
    let library = linkOptions(
      "--version-script=list --no-undefined-version -shared -soname=libx.so a.o")
    #expect(library.outputKind == .sharedLibrary && library.soname == "libx.so")
    #expect(!library.allowsUndefinedVersion && library.versionScripts == ["list"])
  }

  @Test func swiftc() {
    let files = ["h.autolink": "-lswiftCore -lswift_Concurrency\n"]
    let dynamic = linkOptions(
      "-pie --build-id -rpath /usr/lib/swift/linux swiftrt.o h.o @h.autolink -L/usr/lib -lc "
        + "--defsym main=demo_main -rpath=$ORIGIN --gc-sections", files: files)
    #expect(
      dynamic.inputNames == ["swiftrt.o", "h.o", "-lswiftCore", "-lswift_Concurrency", "-lc"])
    #expect(dynamic.runPaths == ["/usr/lib/swift/linux", "$ORIGIN"])
    #expect(dynamic.definitions.map(\.name) == ["main"])
    #expect(dynamic.definitions.map(\.expression) == ["demo_main"])
    let fixed = linkOptions(
      "-static -undefined=pthread_self -undefined=pthread_once --exclude-libs ALL "
        + "--start-group -ldl -lpthread --end-group -export-dynamic h.o")
    #expect(fixed.undefinedSymbols == ["pthread_self", "pthread_once"])
    #expect(fixed.excludedLibraries == ["ALL"])
  }

  @Test func go() {
    let options = linkOptions(
      "-z relro -shared -z nodelete -Bsymbolic -z now -z nocopyreloc --build-id=0x1234abCD "
        + "-rpath X --dynamic-linker Y -export-dynamic --compress-debug-sections=zlib-gnu -no-pie "
        + "-s go.o")
    #expect(options.outputKind == .sharedLibrary && options.noDelete && options.bindsNow)
    #expect(options.symbolicBinding == .all && !options.copiesRelocations && options.strip == .all)
    #expect(options.buildID == .bytes([0x12, 0x34, 0xAB, 0xCD]))
    #expect(options.debugCompression == .zlibGNU)
  }

  @Test func buildSystems() {
    let meson = linkOptions(
      "--as-needed --no-undefined --allow-shlib-undefined -O1 --fatal-warnings -soname x.so "
        + "-rpath $ORIGIN/XXXX -rpath-link a:b --start-group a.o --end-group -export-dynamic")
    #expect(meson.requiresDefinitions == true && meson.allowsLibraryUndefined == true)
    #expect(meson.fatalWarnings && meson.runPathLinks == ["a", "b"])
    #expect(meson.runPaths == ["$ORIGIN/XXXX"])
    let cmake = linkOptions(
      "--push-state --whole-archive a.a --pop-state b.a "
        + "--dependency-file=x.d -rpath A:B:::: ")
    #expect(cmake.state(of: "a.a")?.wholeArchive == true)
    #expect(cmake.state(of: "b.a")?.wholeArchive == false)
    #expect(cmake.dependencyFile == "x.d" && cmake.runPaths == ["A:B::::"])
    let kernel = linkOptions(
      "-m elf_x86_64 -z noexecstack --no-warn-rwx-segments -z max-page-size=0x200000 "
        + "--build-id=sha1 -X --orphan-handling=error --emit-relocs -T vmlinux.lds a.o")
    #expect(kernel.emitsRelocations && kernel.orphanHandling == "error")
    #expect(kernel.inputNames == ["-Tvmlinux.lds", "a.o"] && kernel.maximumPageSize == 0x200000)
  }

  /// Every spelling of the first-wave list is understood.
  @Test func firstWaveIsAccepted() {
    let line = """
      -o X -e SYM -m elf_x86_64 -EL -L DIR -l NAME -l:FILE --sysroot=DIR -nostdlib -v -fuse-ld=X
      -pie -no-pie -static -shared --no-dynamic-linker -dynamic-linker X --dynamic-linker X
      -soname X -h X -rpath X -rpath-link X -rpath=X --as-needed --no-as-needed --push-state
      --pop-state --whole-archive --no-whole-archive -Bstatic -Bdynamic --start-group --end-group
      -( -) --start-lib --end-lib --exclude-libs a:b -u SYM -undefined=SYM --undefined=SYM
      --defsym A=B --defsym=A=B --wrap=SYM --require-defined=SYM -init X -fini X
      --export-dynamic -E --dynamic-list=F --version-script=F --version-script F
      -retain-symbols-file F --no-undefined-version --undefined-version -Bsymbolic
      -Bsymbolic-functions --no-undefined --allow-shlib-undefined --no-allow-shlib-undefined
      --unresolved-symbols=report-all --warn-unresolved-symbols --gc-sections --no-gc-sections
      --print-gc-sections --icf=all -O0 -O1 -O2 --sort-common --sort-section=name --relax
      --no-relax --build-id --build-id=sha1 --build-id=md5 --build-id=uuid --build-id=none
      --build-id=fast --build-id=0xAB --hash-style=gnu --hash-style=sysv --hash-style=both
      --eh-frame-hdr --no-eh-frame-hdr --compress-debug-sections=none
      --compress-debug-sections=zlib -s -S --strip-all --strip-debug -x -X --discard-all
      --discard-locals -t -T F -N -n --fatal-warnings --no-fatal-warnings --color-diagnostics
      --demangle --no-demangle --threads --threads=2 --no-threads -z relro -z norelro -z now
      -z lazy -z noexecstack -z execstack -z text -z notext -z defs -z nodelete -z nocopyreloc
      -z origin -z separate-code -z noseparate-code -z pack-relative-relocs -z nostart-stop-gc
      -z max-page-size=4096 -z common-page-size=4096 -z stack-size=1 -z muldefs -z interpose
      -z initfirst -plugin F -plugin-opt=a -plugin-opt a --no-add-needed
      --copy-dt-needed-entries --no-copy-dt-needed-entries --no-keep-memory
      --reduce-memory-overheads --hash-size=7 -Map=F -Map F --cref --trace --trace-symbol=S -y S
      --dependency-file=F --dependency-file F --pack-dyn-relocs=relr --pack-dyn-relocs=android
      --pack-dyn-relocs=none --use-android-relr-tags --fix-cortex-a53-843419 --gdb-index
      --reproduce=F --no-ld-generated-unwind-info -Y P,dir --no-warn-mismatch --warn-common
      """
    #expect(linkOptions(line).unsupportedOptions.isEmpty)
  }

  @Test func keywordsOfThePageAreKnown() {
    let words = """
      now lazy relro norelro separate-code noseparate-code separate-loadable-segments text notext
      textoff defs undefs noexecstack execstack nodelete nodlopen nodump origin initfirst interpose
      global combreloc nocombreloc nocopyreloc dynamic-undefined-weak keep-text-section-prefix
      muldefs ibt shstk cet-report=error force-ibt force-bti pac-plt bti-report=none gcs=always
      start-stop-gc nostart-stop-gc start-stop-visibility=hidden rodynamic pack-relative-relocs
      sectionheader nosectionheader x86-64-v2 x86-64-v3 x86-64-v4 x86-64-baseline lam-u48 lam-u57
      lam-report=none retpolineplt hazardplt wxneeded ifunc-noplt unique-symbol memory-seal mark-plt
      rewrite-endbr nodefaultlib loadfltr globalaudit unique ibtplt
      """
    let line = words.split(whereSeparator: \.isWhitespace).map { "-z \($0)" }.joined(separator: " ")
    let options = linkOptions(line + " -shared a.o")
    #expect(options.unsupportedOptions.isEmpty && options.isaLevel == 4)
    #expect(options.cetReport == .error && options.startStopVisibility == 2)
    #expect(
      options.machineKeywords == [
        "force-bti", "pac-plt", "bti-report=none", "gcs=always", "hazardplt",
      ])
  }
}
