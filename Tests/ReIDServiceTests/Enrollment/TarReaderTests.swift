import Testing

@testable import ReIDService

@Suite struct TarReaderTests {
    static let long = String(repeating: "deep folder/", count: 15) + "image number one.jpg"

    @Test(arguments: ["v7", "ustar", "oldgnu", "gnu", "pax", "posix"])
    func `what the real tar packs is found`(format: String) throws {
        let folder = try ScratchFolder()
        var files = ["a.jpg": Array("first".utf8), "in/b.png": [UInt8](repeating: 7, count: 1500), "empty.jpg": []]
        // 202 bytes: v7 cannot hold it, ustar splits it, gnu and pax use an extended header.
        if format != "v7" { files[Self.long] = Array("long".utf8) }
        if format == "pax" { files["größe-écran.jpg"] = Array("accent".utf8) }
        for (name, bytes) in files { try folder.write("packed/" + name, bytes) }
        #expect(try folder.run("tar", ["--format", format, "-cf", "out.tar", "-C", "packed", "."]) == 0)
        #expect(try tarContents(folder.read("out.tar")) == files)
    }

    @Test func `a pax header names what does not fit`() throws {
        var tar = TarBuilder()
        tar.addPax("comment", "from a repository", global: true)
        tar.addPax("path", "å/1.jpg")
        tar.add("short", Array("one".utf8))
        tar.add("2.jpg", Array("two".utf8))
        #expect(try tarContents(tar.finished) == ["å/1.jpg": Array("one".utf8), "2.jpg": Array("two".utf8)])
    }

    @Test func `a pax size replaces the header's`() throws {
        var tar = TarBuilder()
        tar.addPax("size", "3")
        tar.add("a.jpg", Array("one".utf8), claims: 0)
        tar.add("b.jpg", Array("two".utf8))
        #expect(try tarContents(tar.finished) == ["a.jpg": Array("one".utf8), "b.jpg": Array("two".utf8)])
    }

    @Test func `a prefix counts in POSIX headers alone`() throws {
        var tar = TarBuilder()
        tar.add("a.jpg", prefix: "folder")
        tar.add("a.jpg", magic: "ustar  \u{0}", prefix: "13456701234")
        #expect(try tarContents(tar.finished).keys.sorted() == ["a.jpg", "folder/a.jpg"])
    }

    @Test func `folders are passed over and dots dropped`() throws {
        var tar = TarBuilder()
        tar.add("./", flag: "5")
        tar.add("./in/", flag: "5")
        tar.add("old/", magic: "")
        tar.add("././in//a.jpg", Array("x".utf8))
        #expect(try tarContents(tar.finished) == ["in/a.jpg": Array("x".utf8)])
    }

    @Test(arguments: ["../../etc/passwd", "/etc/passwd", "a/../../b", ".."])
    func `a name that leaves the archive is refused`(name: String) {
        var tar = TarBuilder()
        tar.add("fine.jpg", [1])
        tar.add(name, [1])
        #expect(throws: ContainerError.unsafeName(name: name, offset: 1024)) { try tarContents(tar.finished) }
    }

    @Test func `a name hidden in an extended header is checked too`() {
        var pax = TarBuilder()
        pax.addPax("path", "../up.jpg")
        pax.add("fine.jpg")
        #expect(throws: ContainerError.unsafeName(name: "../up.jpg", offset: 1024)) { try tarContents(pax.finished) }
        var gnu = TarBuilder()
        gnu.add("././@LongLink", Array("/up.jpg\u{0}".utf8), flag: "L", magic: "ustar  \u{0}")
        gnu.add("fine.jpg")
        #expect(throws: ContainerError.unsafeName(name: "/up.jpg", offset: 1024)) { try tarContents(gnu.finished) }
    }

    @Test func `names that are too long or not UTF-8 are refused`() {
        #expect(memberName([0x61, 0xFF]) == nil)
        #expect(memberName(Array(repeating: 0x61, count: IngestionLimits.nameBytes)) != nil)
        #expect(memberName(Array(repeating: 0x61, count: IngestionLimits.nameBytes + 1)) == nil)
        #expect(memberName([]) == nil)
    }

    @Test(
        arguments: [
            ("1", "hard link"), ("2", "symbolic link"), ("3", "character device"), ("4", "block device"),
            ("6", "named pipe"),
            ("V", "member of type 0x56"), ("M", "member of type 0x4d"),
        ] as [(Character, String)])
    func `links and devices are refused`(flag: Character, word: String) {
        var tar = TarBuilder()
        tar.add("a", flag: flag)
        #expect(throws: ContainerError.unsupportedMember(name: "a", kind: word, offset: 0)) {
            try tarContents(tar.finished)
        }
    }

    @Test func `sparse members are refused however they are written`() throws {
        var old = TarBuilder()
        old.add("big.jpg", flag: "S", claims: 0, magic: "ustar  \u{0}")
        #expect(throws: ContainerError.sparseMember(name: "big.jpg", offset: 0)) { try tarContents(old.finished) }
        let folder = try ScratchFolder()
        #expect(try folder.run("truncate", ["-s", "10G", "big.jpg"]) == 0)
        for format in ["gnu", "posix"] {
            #expect(try folder.run("tar", ["--format", format, "-S", "-cf", "out.tar", "big.jpg"]) == 0)
            let bytes = try folder.read("out.tar")
            #expect(bytes.count < 100_000)
            do {
                _ = try tarContents(bytes)
                Issue.record("a sparse member was accepted")
            } catch ContainerError.sparseMember(let name, _) {
                #expect(name.hasSuffix("big.jpg"))
            }
        }
    }

    @Test func `a member that claims more than there is was cut`() {
        var tar = TarBuilder()
        tar.add("big.jpg", [1, 2, 3], claims: 8_589_934_591)
        #expect(throws: ContainerError.truncated(member: "\"big.jpg\"", offset: 0)) { try tarContents(tar.finished) }
    }

    @Test func `a size in binary beyond all files is cut or malformed and never overflows`() {
        for first: UInt8 in [0x80, 0xFF] {
            var tar = TarBuilder()
            tar.add("big.jpg", [1])
            var bytes = tar.finished
            bytes.replaceSubrange(124..<136, with: [first, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
            bytes.replaceSubrange(148..<156, with: Array(repeating: 0x20, count: 8))
            let sum = String(bytes[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
            bytes.replaceSubrange(148..<156, with: Array(("0" + sum).suffix(6).utf8) + [0, 0x20])
            #expect(throws: ContainerError.self) { try tarContents(bytes) }
        }
        #expect(TarHeader.number([0x80, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0, 0]) == 10 << 30)
        #expect(TarHeader.number(Array("  12 \u{0}".utf8)[...]) == 10)
        #expect(TarHeader.number(Array("129".utf8)[...]) == nil)
    }

    @Test func `every cut is noticed`() throws {
        var tar = TarBuilder()
        tar.addPax("path", "a longer name.jpg")
        tar.add("a.jpg", Array(repeating: 9, count: 600))
        tar.add("b.jpg", Array(repeating: 9, count: 10))
        let end = tar.bytes.count
        for length in stride(from: 0, through: end, by: 61) {
            #expect(throws: ContainerError.self) { try tarContents(Array(tar.bytes.prefix(length))) }
        }
        #expect(try tarContents(tar.bytes + [UInt8](repeating: 0, count: 512)).count == 2)
    }

    @Test func `a changed header is noticed`() {
        var tar = TarBuilder()
        tar.add("a.jpg", [1])
        var bytes = tar.finished
        bytes[3] ^= 1
        #expect(throws: ContainerError.badChecksum(offset: 0)) { try tarContents(bytes) }
        #expect(throws: ContainerError.badChecksum(offset: 0)) { try tarContents(Array(repeating: 0x41, count: 2048)) }
    }

    @Test func `data after the end is noticed`() {
        var tar = TarBuilder()
        tar.add("a.jpg", [1])
        #expect(throws: ContainerError.trailingData(offset: 2048)) { try tarContents(tar.finished + tar.finished) }
    }

    @Test(arguments: ["5 a=", "x", "999999999 path=a\n", "3 a\n", "11 path=abcd", "0 \n", "99 path=a\n"])
    func `a broken pax record is refused`(record: String) {
        var tar = TarBuilder()
        tar.add("x", Array(record.utf8), flag: "x")
        tar.add("a.jpg")
        #expect(throws: ContainerError.malformedHeader(field: "pax record", offset: 0)) {
            try tarContents(tar.finished)
        }
    }

    @Test func `a huge extended header is refused unread`() {
        var tar = TarBuilder()
        tar.add("x", flag: "x", claims: 2 << 20)
        #expect(throws: ContainerError.malformedHeader(field: "extended header's size", offset: 0)) {
            try tarContents(tar.finished)
        }
    }
}
