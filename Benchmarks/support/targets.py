"""What weld is to need of the time and memory that lld needs: the least ratios that are good enough."""


class Target:
    """Upper bounds of weld's processor time, wall time and peak memory, as ratios to lld's; where a
    link is so short that the ratio says little, also in seconds of wall time and in bytes."""

    def __init__(self, cpu, wall, peak=None, seconds=None, size=None):
        self.cpu, self.wall, self.peak, self.seconds, self.size = cpu, wall, peak, seconds, size


TARGETS = {
    "hello-static": Target(0.30, 0.40, seconds=0.004, size=12e6),
    "hello-pie": Target(0.30, 0.40, seconds=0.004, size=12e6),
    "llvm-all": Target(0.50, 0.40, 0.65),
    "llvm-all-build-id": Target(0.50, 0.40, 0.65),
    "llvm-all-gc": Target(0.50, 0.40, 0.65),
    "cxx-debug": Target(0.70, 0.55, 0.80),
    "swift-debug": Target(0.70, 0.55, 0.80),
    "shared-300k": Target(0.40, 0.40, 0.80),
    "tiny-20k": Target(0.50, 0.50, 0.70),
}
