/// Gives numbers to the names of people and cameras, in the order in which the names appear.
struct PeopleNumbers {
    private var people: [String: Int] = [:]
    private var cameras: [String: Int] = [:]
    private var strangers = 0

    /// The number of a person: "-1" is junk; a name of zeros is a distractor, as in Market-1501, and so is an absent
    /// name.
    mutating func person(_ name: String?) -> Int {
        guard let name, !name.allSatisfy({ $0 == "0" }) else { return 0 }
        guard name != "-1" else { return Sighting.junkPerson }
        let number = people[name] ?? people.count + 1
        people[name] = number
        return number
    }

    /// The number of a camera; each image without a camera's name gets a camera of its own.
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
