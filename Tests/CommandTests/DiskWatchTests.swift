import API
import Foundation
import Logging
import TestSupport
import Testing

@testable import rectify

/// Disks that fill.
struct DiskWatchTests {
    @Test func `a disk that fills is warned of at 85 and 95 percent, once each time`() {
        let warned = WarnedSteps()
        let steps = [50, 84, 85, 90, 86, 95, 99, 96, 91, 96, 89, 96, 79, 86].map { percent in
            warned.step(to: DiskGauge.Reading(name: "data", usedBytes: percent, totalBytes: 100))
        }
        #expect(
            steps == [nil, nil, 85, nil, nil, 95, nil, nil, nil, nil, nil, 96, nil, 86],
            "once; and again after it was over five percent emptier")
        #expect(warned.step(to: DiskGauge.Reading(name: "backups", usedBytes: 96, totalBytes: 100)) == 96, "each disk")
    }
}
