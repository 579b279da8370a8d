/// Numbers for the names of people and cameras, in the order in which they come.
struct PeopleNumbers {
    private var people: [String: Int] = [:]
    private var cameras: [String: Int] = [:]
    private var strangers = 0

    /// "-1" is junk and a name of zeros a distractor, as in Market-1501; so is whoever has no name.
    mutating func person(_ name: String?) -> Int {
        guard let name, !name.allSatisfy({ $0 == "0" }) else { return 0 }
        guard name != "-1" else { return Sighting.junkPerson }
        let number = people[name] ?? people.count + 1
        people[name] = number
        return number
    }

    /// A camera without a name is nobody else's.
    mutating func camera(_ name: String?) -> Int {
        guard let name else {
            strangers += 1
            return -strangers
        }
        let number = cameras[name] ?? cameras.count + 1
        cameras[name] = number
        return number
    }
}
