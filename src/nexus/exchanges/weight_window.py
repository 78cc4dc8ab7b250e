"""What did an address use in the last minute? A window that slides, as Lua and for one process.

It is cut into parts of five seconds and always holds the last 60 to 65 seconds whole. So however
the exchange's minutes lie to ours, none of them can hold more than the window allowed: a budget
per minute of our own clock would let twice as much through where two minutes meet.
"""

from collections.abc import Iterator
from itertools import chain

BUCKET_MS = 5_000
BUCKETS = 13
"""Parts in the window: twelve are a minute, and the present one has only begun."""

# Gives how many are granted, the pause and the wait in ms, what others used beside us by the
# exchange's count, the weight used, and why there is a pause.
# KEYS: the counts (field `part/process`), the pause. ARGV: this process, the moment (ms), the
# part it lies in, the count the exchange told us, how many requests are wanted, the weight of
# each, the limit, the parts in a window, their length (ms); then our own counts, part by part.
TAKE = """
local me, now, part = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local told, wanted, weight = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local limit, parts, length = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
for i = 10, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i] .. '/' .. me, ARGV[i + 1]) end
local used, by_part, all = 0, {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
    local where = tonumber(string.match(all[i], '^%d+'))
    if where <= part - parts or where >= part + parts then
        redis.call('HDEL', KEYS[1], all[i])
    else
        used = used + tonumber(all[i + 1])
        by_part[where] = (by_part[where] or 0) + tonumber(all[i + 1])
    end
end
local foreign = math.max(0, told - used)
used = used + foreign
local ends, why = unpack(redis.call('HMGET', KEYS[2], 'ends', 'why'))
local paused = math.max(0, tonumber(ends or 0) - now)
local granted = 0
if paused == 0 then
    granted = math.max(0, math.min(wanted, math.floor((limit - used) / weight)))
end
if granted * weight + foreign > 0 then
    redis.call('HINCRBY', KEYS[1], part .. '/' .. me, granted * weight + foreign)
end
redis.call('PEXPIRE', KEYS[1], 2 * parts * length)
local left, oldest = used + granted * weight, part - parts + 1
while oldest <= part and left + weight > limit do
    left = left - (by_part[oldest] or 0)
    oldest = oldest + 1
end
local wait = (oldest - 1 + parts) * length - now
return {granted, paused, wait, foreign, used + granted * weight, paused > 0 and why or ''}
"""
# Gives the pause that holds: a longer one is never cut short.
# KEYS: the pause. ARGV: when it ends (ms), how long it is from now (ms), why.
PAUSE = """
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], 'ends') or 0) then
    redis.call('HSET', KEYS[1], 'ends', ARGV[1], 'why', ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'ends', 'why')
"""


class OwnWindow:
    """What one process used: its part of the sum, and all it knows while Redis is away."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._weight: dict[int, int] = {}

    def add(self, bucket: int, weight: int) -> None:
        """Count `weight` in a part of the window; what is given back is negative."""
        self._weight[bucket] = max(0, self._weight.get(bucket, 0) + weight)

    def used(self, bucket: int) -> int:
        """Add up the window that ends with `bucket`, and forget what is older."""
        oldest = bucket - BUCKETS + 1
        self._weight = {part: used for part, used in self._weight.items() if part >= oldest}
        return sum(self._weight.values())

    def pairs(self, bucket: int) -> Iterator[int]:
        """Give the parts and their weights, flat, the way the script takes them."""
        self.used(bucket)
        return chain.from_iterable(self._weight.items())

    def room(self, at: int, requests: int, weight: int, limit: int) -> tuple[int, int]:
        """Say how many requests there is room for, and in how many ms there is for one more."""
        used = self.used(at // BUCKET_MS)
        granted = max(0, min(requests, (limit - used) // weight))
        left, newest = used + granted * weight, at // BUCKET_MS
        leaving = newest
        for part in sorted(self._weight):
            if left + weight <= limit:
                break
            left, leaving = left - self._weight[part], part
        return granted, (leaving + BUCKETS) * BUCKET_MS - at
