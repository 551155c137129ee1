import Casework
import Testing

/// Nobody is taken for another, nor for a word of the program.
struct OfficerNameTests {
    @Test func `names that people take for one another have one likeness`() {
        for (name, other) in [("lee01", "leeol"), ("1i", "li"), ("zhang0", "zhango"), ("Ii", "li"), ("Ｌee", "lee")] {
            #expect(OfficerName.likeness(of: name) == OfficerName.likeness(of: other), "\(name) and \(other)")
        }
        for (name, other) in [("lee", "lea"), ("zhang2", "zhang3"), ("li", "ll"), ("o.k", "ok")] {
            #expect(OfficerName.likeness(of: name) != OfficerName.likeness(of: other), "\(name) and \(other)")
        }
    }
}
