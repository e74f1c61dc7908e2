"""What happens inside Redis in one step, in its language Lua.

`ADD` and `REPLACE` take as KEYS the row, the queue of what is to be forgotten, that of the row's link, and
the queue of each phase of the row's owner; as ARGV the key, its member in the first queue, the number of its
phase, its time to live in milliseconds, when it expires, until when it is kept, 1 or 0 for whether it is
ongoing, what rows' names begin with, then the cells. `REPLACE` takes at the end the version that is replaced.

The queue of a link has a time to live, that of its last row. A row that is gone before is taken out of it as
others are put in, those first that expired first.

`LIST`, `FIND` and `FORGET` take one queue, and make the names of the rows from the first ARGV: all names of a
store share one hash tag, so that in a cluster they are on one node.
"""

from typing import Final

_PUT: Final = """
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], unpack(ARGV, 9))
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    for queue = 3, #KEYS do redis.call('ZREM', KEYS[queue], ARGV[1]) end
    redis.call('ZADD', KEYS[3 + ARGV[3]], ARGV[5], ARGV[1])
    redis.call('ZADD', KEYS[2], ARGV[6], ARGV[2])
    for _, key in ipairs(redis.call('ZRANGE', KEYS[3], 0, 1)) do
        if redis.call('EXISTS', ARGV[8] .. key) == 0 then redis.call('ZREM', KEYS[3], key) end
    end
    if ARGV[7] == '1' then
        local left = redis.call('PTTL', KEYS[3])
        redis.call('ZADD', KEYS[3], ARGV[5], ARGV[1])
        redis.call('PEXPIRE', KEYS[3], math.max(left, ARGV[4]))
    end
    return 1
"""

ADD: Final = f"""
    if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
    {_PUT}
"""

REPLACE: Final = f"""
    local version = redis.call('HGET', KEYS[1], 'version')
    if version ~= table.remove(ARGV) then return 0 end
    {_PUT}
"""

_COLLECT: Final = """
    local found = {}
    local start = 0
    while #found < tonumber(ARGV[3]) do
        local keys = redis.call(RANGE, 'LIMIT', start, ARGV[3])
        if #keys == 0 then break end
        for _, key in ipairs(keys) do
            local row = redis.pcall('HGETALL', ARGV[1] .. key)
            if row.err then row = {''} end
            if #row == 0 then
                redis.call('ZREM', KEYS[1], key)
            else
                start = start + 1
                if #found < tonumber(ARGV[3]) then found[#found + 1] = {key, row} end
            end
        end
    end
    return found
"""

LIST: Final = _COLLECT.replace("RANGE", "'ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[2], '+inf'")
"""ARGV: what rows' names begin with, the moment after which they expire, how many at most."""

FIND: Final = _COLLECT.replace("RANGE", "'ZREVRANGEBYSCORE', KEYS[1], '+inf', '(' .. ARGV[2]")
"""ARGV: as for `LIST`."""

FORGET: Final = """
    local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[4], 'LIMIT', 0, ARGV[5])
    for _, member in ipairs(members) do
        local owner, key = string.match(member, '^(%S+) (%S+)$')
        local link = redis.pcall('HGET', ARGV[1] .. key, 'link')
        if type(link) == 'string' then redis.call('ZREM', ARGV[3] .. link, key) end
        redis.call('DEL', ARGV[1] .. key)
        for phase = 6, #ARGV do redis.call('ZREM', ARGV[2] .. owner .. ':' .. ARGV[phase], key) end
        redis.call('ZREM', KEYS[1], member)
    end
    return #members
"""
"""ARGV: what the names of rows, of phases' queues and of links' queues begin with, the moment, how many at
most, all phases."""
