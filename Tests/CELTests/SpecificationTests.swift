import CEL
import Testing

/// What cel-spec's language definition and the pages of cel-go's extension libraries say, sentence by sentence, beyond the conformance cases.
@Suite struct SpecificationTests {
    /// A subject with expressions that are true, and expressions that have no value.
    struct Subject: Sendable, CustomTestStringConvertible {
        let name: String
        let truths: String
        let errors: String
        var testDescription: String { name }

        static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
    }

    @Test(arguments: subjects) func `holds`(_ subject: Subject) throws {
        for line in Subject.lines(subject.truths) {
            do {
                #expect(try evaluate(line) == true, "\(line)")
            } catch {
                Issue.record("\(line): \(error)")
            }
        }
    }

    @Test(arguments: subjects) func `is an error`(_ subject: Subject) {
        for line in Subject.lines(subject.errors) {
            do {
                let program = try Environment.standard.compile(line)
                guard Environment.standard.check(program, declarations: [:]).isEmpty else { continue }
                Issue.record("\(line): \(try program.evaluate([:]))")
            } catch {}
        }
    }

    static let subjects = [
        // What APIs write for a part that is absent, and what a recipe remembers before its first run.
        Subject(
            name: "optional parts of null",
            truths: #"""
                dyn(null).?a.orValue(1) == 1
                dyn(null)[?'a'].orValue(1) == 1
                {'a': null}.?a.?b.orValue(1) == 1
                {'a': null}.a.?b.?c.orValue(1) == 1
                {'a': [null]}.a[?0][?1].orValue(1) == 1
                dyn(null).?a == optional.none()
                {'a': null}.?a == optional.of(null)
                """#,
            errors: #"""
                dyn(null).a
                dyn(null)['a']
                {'a': dyn(null)}.?a.b.hasValue()
                dyn(1).?a
                dyn('x')[?'a']
                """#
        ),
        Subject(
            name: "format",
            truths: #"""
                '%s'.format([b'\xff\xfeab']) == '\ufffdab'
                '%s'.format([b'a\xf0\x9f']) == 'a\ufffd'
                '%s'.format([duration('1h45m47s')]) == '6347s'
                '%s'.format([duration('-0.5s')]) == '-0.5s'
                '%s'.format([duration('100000000.000000001s')]) == '100000000s'
                '%s'.format([1.0]) == '1'
                '%s'.format([-0.0]) == '-0'
                '%s'.format([1e21]) == '1000000000000000000000'
                '%s'.format([1e-7]) == '0.0000001'
                '%s'.format([type(1)]) == 'int'
                '%s'.format([null]) == 'null'
                '%s'.format([[1, 'a', null, {'b': 2.5, 'a': true}]]) == '[1, a, null, {a: true, b: 2.5}]'
                '%s'.format([{1: 'a', 2u: 'b', true: 'c', 's': 'd'}]) == '{1: a, 2: b, s: d, true: c}'
                '%s'.format([timestamp('2023-02-03T23:31:20.120Z')]) == '2023-02-03T23:31:20.12Z'
                '%d'.format([3.14]) == '3.14'
                '%d'.format([0.0/0.0]) == 'NaN'
                '%f'.format([2.5]) == '2.500000'
                '%.0f'.format([2.5]) == '2'
                '%.0f'.format([3.5]) == '4'
                '%.2f'.format([1u]) == '1.00'
                '%.3f'.format([123.4999]) == '123.500'
                '%e'.format([1052.032911275]) == '1.052033e+03'
                '%.1e'.format([-3.14]) == '-3.1e+00'
                '%e'.format([1e100]) == '1.000000e+100'
                '%f'.format([1.0/0.0]) == 'Infinity'
                '%e'.format([-1.0/0.0]) == '-Infinity'
                '%x'.format(['héllo']) == '68c3a96c6c6f'
                '%X'.format([b'\xab']) == 'AB'
                '%x'.format([-255]) == '-ff'
                '%x'.format([18446744073709551615u]) == 'ffffffffffffffff'
                '%o'.format([-8]) == '-10'
                '%b'.format([-5]) == '-101'
                '%b'.format([true]) == '1'
                '%%%d%%'.format([1]) == '%1%'
                'no args'.format([1, 2]) == 'no args'
                '%s %s'.format(['a','b']) == 'a b'
                '%.10f'.format([1.0/3.0]) == '0.3333333333'
                '%.100f'.format([0.5]).size() == 102
                """#,
            errors: #"""
                '%d'.format(['a'])
                '%s'.format([])
                '%z'.format([1])
                '%'.format([1])
                '%.f'.format([1])
                '%.'.format([1])
                '%b'.format(['a'])
                '%b'.format([1.5])
                '%o'.format([true])
                '%x'.format([true])
                '%x'.format([1.0])
                '%f'.format(['1'])
                '%f'.format([true])
                '%e'.format([timestamp(0)])
                '%d'.format([null])
                """#
        ),
        Subject(
            name: "text",
            truths: #"""
                strings.quote('a\a\b\f\n\r\t\v\\"\'é\u0001') == '"a\\a\\b\\f\\n\\r\\t\\v\\\\\\"\'é\u0001"'
                'tacocat'.charAt(7) == ''
                '😀x'.charAt(1) == 'x'
                'tacocat'.indexOf('') == 0
                'tacocat'.indexOf('', 7) == 7
                'tacocat'.lastIndexOf('') == 7
                'tacocat'.lastIndexOf('', 3) == 3
                'tacocat'.lastIndexOf('at', 6) == 5
                'ta©o©αT'.lastIndexOf('©', 3) == 2
                'ta©o©αT'.lastIndexOf('©α', 4) == 4
                ''.indexOf('a') == -1
                ''.lastIndexOf('') == 0
                'a'.lastIndexOf('abc') == -1
                'abc'.lastIndexOf('abcd', 2) == -1
                'hello hello'.replace('', '_') == '_h_e_l_l_o_ _h_e_l_l_o_'
                'hello hello'.replace('', '_', 3) == '_h_e_llo hello'
                'hello'.replace('l', '', -5) == 'heo'
                'aaa'.replace('aa', 'b') == 'ba'
                'hello'.split('') == ['h','e','l','l','o']
                'hello'.split('', 2) == ['h','ello']
                ''.split(',') == ['']
                ''.split('') == []
                'a,b'.split(',', 0) == []
                'a,b,c'.split(',', -1) == ['a','b','c']
                [].join() == ''
                [].join('-') == ''
                'tacocat'.substring(7) == ''
                'tacocat'.substring(7, 7) == ''
                '\f\n\r\t\vtrim\u0085\u00a0\u1680\u2000\u2028\u2029\u202f\u205f\u3000 '.trim() == 'trim'
                '\u180etrim\u200b\u200c\u200d\u2060\ufeff'.trim() == '\u180etrim\u200b\u200c\u200d\u2060\ufeff'
                'TacoCÆt'.lowerAscii() == 'tacocÆt'
                'gums é😁'.reverse() == '😁é smug'
                '' .reverse() == ''
                """#,
            errors: #"""
                'tacocat'.charAt(8)
                'tacocat'.charAt(-1)
                ['a', dyn(1)].join()
                'tacocat'.substring(8)
                'tacocat'.substring(2, 1)
                'tacocat'.substring(-1, 3)
                """#
        ),
        Subject(
            name: "numbers",
            truths: #"""
                math.greatest(1, 1.0) == 1
                math.greatest(1, 1u, 2.5) == 2.5
                math.greatest([dyn(1), 2u, 3.0]) == 3.0
                math.least(-9223372036854775808, -9.3e18) == -9.3e18
                math.ceil(-0.5) == -0.0
                math.round(0.5) == 1.0
                math.round(-0.5) == -1.0
                math.round(0.49999999999999994) == 0.0
                math.isNaN(math.round(0.0/0.0))
                math.isNaN(math.sign(0.0/0.0))
                math.sign(-0.0) == 0.0
                math.sign(5u) == 1u
                math.abs(-1.5) == 1.5
                math.isInf(-1.0/0.0) && math.isInf(1.0/0.0)
                math.bitAnd(-3, -5) == -7
                math.bitOr(-2, -4) == -2
                math.bitNot(0u) == 18446744073709551615u
                math.bitShiftLeft(1, 63) == -9223372036854775808
                math.bitShiftLeft(1, 64) == 0
                math.bitShiftLeft(-1, 200) == 0
                math.bitShiftRight(-1, 1) == 9223372036854775807
                math.bitShiftRight(-1024, 3) == 2305843009213693824
                math.bitShiftRight(1024u, 64) == 0u
                math.isNaN(math.sqrt(-15))
                math.sqrt(82u) == 9.055385138137417
                """#,
            errors: #"""
                math.greatest([])
                math.greatest('a')
                math.greatest()
                math.greatest([dyn('a')])
                math.least(dyn('string'))
                math.least(dyn([]))
                math.abs(-9223372036854775808)
                math.isFinite(dyn(1))
                math.isNaN('a')
                math.bitShiftLeft(1, -1)
                math.bitShiftRight(1u, -1)
                math.bitAnd(1, 1u)
                math.bitShiftLeft(1u, 1u)
                """#
        ),
        Subject(
            name: "lists",
            truths: #"""
                lists.range(0) == []
                lists.range(-1) == []
                [1,[2,[3,[4]]]].flatten(0) == [1,[2,[3,[4]]]]
                [1,[2,[3,[4]]]].flatten(100) == [1,2,3,4]
                [1,2].slice(2, 2) == []
                [].sort() == []
                [true,false].sort() == [false,true]
                [b'b', b'a'].sort() == [b'a', b'b']
                [{'a':2},{'a':1}].sortBy(e, e.a) == [{'a':1},{'a':2}]
                [3,1,2].sortBy(x, -x) == [3,2,1]
                [dyn(1), 1.0, 1u, 2].distinct() == [1, 2]
                [[1],[1],[2]].distinct() == [[1],[2]]
                [null, null].distinct() == [null]
                [0.0/0.0, 0.0/0.0].distinct().size() == 2
                [].distinct() == []
                [1,2].reverse() == [2,1]
                [].first() == optional.none()
                [].last().orValue('test') == 'test'
                """#,
            errors: #"""
                [1].flatten(-1)
                [1,2].slice(1, 3)
                [1,2].slice(-1, 1)
                [1,2].slice(2, 1)
                [1,'a'].sort()
                [[1],[2]].sort()
                [dyn(1), 2u].sort()
                [{'a':2},{'a':1}].sortBy(e, e)
                """#
        ),
        Subject(
            name: "sets",
            truths: #"""
                sets.contains([dyn(1), 2.0, 3u], [dyn(1.0), 2u, 3])
                sets.equivalent([], [])
                sets.equivalent([[1],[2,3]], [[2,3],[1],[1]])
                !sets.intersects([], [])
                sets.intersects([[1],[2,3]], [[1,2],[2,3]])
                sets.contains([[1],[2]], [[2]])
                """#,
            errors: #"""
                sets.contains([1,2],[1.0])
                """#
        ),
        Subject(
            name: "encoders",
            truths: #"""
                base64.encode(b'') == ''
                base64.decode('') == b''
                """#,
            errors: #"""
                base64.decode('a')
                base64.decode('aGVs*')
                """#
        ),
        Subject(
            name: "regular expressions",
            truths: #"""
                regex.replace('banana', 'a', 'x', 0) == 'banana'
                regex.replace('banana', 'a', 'x', -12) == 'bxnxnx'
                regex.replace('abc', '', '-') == '-a-b-c-'
                regex.replace('foo bar', '(fo)o (ba)r', r'\2 \1') == 'ba fo'
                regex.replace('test', '(.)', '$2') == '$2$2$2$2'
                regex.replace('abc', 'b', r'\0\0') == 'abbc'
                regex.extract('hello world', 'hello(.*)') == optional.of(' world')
                regex.extract('HELLO', 'hello') == optional.none()
                regex.extract('ab', 'a(x)?') == optional.none()
                regex.extractAll('id:123, id:456', r'id:(\d+)') == ['123', '456']
                regex.extractAll('aaa', 'a*?') == ['', '', '', '']
                """#,
            errors: #"""
                regex.replace('test', '(.)', r'\2')
                regex.replace('id=123', r'id=(?P<value>\d+)', r'value: \values')
                regex.replace('foo', '(', 'x')
                regex.extract('testuser@testdomain', '(.*)@([^.]*)')
                regex.extractAll('testuser@testdomain', '(.*)@([^.]*)')
                """#
        ),
        Subject(
            name: "optional values",
            truths: #"""
                optional.none() == optional.none()
                optional.of(null).hasValue()
                {'a': {'b': 1}}[?'a'][?'b'] == optional.of(1)
                {'a': {'b': 1}}.?a.b == optional.of(1)
                {}.?a.b.c == optional.none()
                [1][?5] == optional.none()
                [1][?-1] == optional.none()
                {?'a': optional.none(), ?'b': optional.of(1)} == {'b': 1}
                [?optional.none(), ?optional.of(2)] == [2]
                has({'a': {'b': 1}}.?a.b)
                !has({'a': {}}.?a.b) == true
                optional.ofNonZeroValue(0.0) == optional.none()
                optional.ofNonZeroValue(duration('0')) == optional.none()
                optional.ofNonZeroValue([0]) == optional.of([0])
                optional.of(1).optMap(x, x + 1) == optional.of(2)
                optional.none().optMap(x, x + 1) == optional.none()
                optional.of(1).optFlatMap(x, optional.none()) == optional.none()
                optional.none().or(optional.none()).orValue(3) == 3
                type(optional.none()) == optional_type
                optional.of(1).or(optional.of(1/0)).value() == 1
                optional.of(1).orValue(1/0) == 1
                optional.unwrap([optional.of(1), optional.none(), optional.of(3)]) == [1, 3]
                [optional.of(1)].unwrapOpt() == [1]
                optional.of({'a': 1}).a == optional.of(1)
                optional.of([1,2])[0] == optional.of(1)
                optional.of([1,2])[?7] == optional.none()
                [1,2,3].map(x, optional.of(x)).filter(o, o.hasValue()).size() == 3
                """#,
            errors: #"""
                optional.of(1) == optional.of(1.0)
                {'a': {'b': 1}}.?a.b.c.orValue(1) == 1
                [?1]
                {?'a': 1}
                optional.none().value()
                """#
        ),
        Subject(
            name: "network addresses",
            truths: #"""
                ip('::ffff:c0a8:1') == ip('192.168.0.1')
                isIP('2001:db8::abcd')
                !isIP('192.168.1.0/24')
                ip('2001:DB8::ABCD') == ip('2001:db8::abcd')
                ip.isCanonical('2001:db8::abcd')
                !ip.isCanonical('2001:DB8::ABCD')
                string(ip('2001:db8:0:0:1:0:0:1')) == '2001:db8::1:0:0:1'
                cidr('192.168.0.0/24').containsIP('192.168.0.1')
                !cidr('192.168.0.0/24').containsIP('192.168.1.1')
                cidr('192.168.0.0/24').containsCIDR('192.168.0.0/25')
                !cidr('192.168.0.0/24').containsCIDR('192.168.0.0/23')
                cidr('192.168.1.5/24').masked() == cidr('192.168.1.0/24')
                cidr('192.168.1.5/24').ip() == ip('192.168.1.5')
                cidr('::1/128').prefixLength() == 128
                isCIDR('10.0.0.0/8')
                !isCIDR('10.0.0.0')
                type(ip('::1')) == net.IP
                type(cidr('::1/128')) == net.CIDR
                ip('169.254.1.1').isLinkLocalUnicast()
                ip('224.0.0.1').isLinkLocalMulticast()
                !ip('255.255.255.255').isGlobalUnicast()
                ip('10.0.0.1').isGlobalUnicast()
                ip('::').isUnspecified()
                cidr('10.0.0.0/8') == cidr('10.0.0.0/8')
                !(cidr('10.0.0.0/8') == cidr('10.0.0.1/8'))
                cidr('10.0.0.0/8').containsIP(ip('10.1.1.1'))
                cidr('::/0').containsIP('::1')
                !cidr('::/0').containsIP('10.0.0.1')
                """#,
            errors: #"""
                ip('192.168.0.0.0')
                ip('fe80::1%en0')
                ip('192.168.1.01')
                cidr('192.168.0.0/33')
                cidr('192.168.0.0')
                cidr('192.168.0.0/024')
                """#
        ),
        Subject(
            name: "timestamps",
            truths: #"""
                timestamp('0001-01-01T00:00:00Z') < timestamp(0)
                string(timestamp('9999-12-31T23:59:59.999999999Z')) == '9999-12-31T23:59:59.999999999Z'
                timestamp(253402300799) == timestamp('9999-12-31T23:59:59Z')
                timestamp('9999-12-31T23:59:59Z') + duration('0.999s') > timestamp(0)
                timestamp('2009-02-13T23:31:30.5Z').getMilliseconds() == 500
                timestamp('2009-02-13T02:00:00Z').getHours('-08:00') == 18
                timestamp('2009-02-13T02:00:00Z').getDate('-08:00') == 12
                timestamp('2009-02-13T02:00:00Z').getHours('+05:30') == 7
                timestamp('2009-02-13T02:00:00Z').getMinutes('05:30') == 30
                timestamp('2009-02-13T02:00:00Z').getHours('UTC') == 2
                timestamp('1969-12-31T23:59:59.5Z').getSeconds() == 59
                int(timestamp('1969-12-31T23:59:59.5Z')) == -1
                timestamp('2000-02-29T00:00:00Z').getDayOfYear() == 59
                timestamp('2023-05-28T00:00:00Z').getDayOfWeek() == 0
                timestamp('2023-05-28T23:59:59-05:00') == timestamp('2023-05-29T04:59:59Z')
                string(timestamp('2023-05-28T00:00:00.100Z')) == '2023-05-28T00:00:00.1Z'
                timestamp(timestamp(0)) == timestamp(0)
                timestamp('2009-02-13T23:00:00Z') - duration('1h') == timestamp('2009-02-13T22:00:00Z')
                duration('1h') + timestamp('2009-02-13T23:00:00Z') == timestamp('2009-02-14T00:00:00Z')
                """#,
            errors: #"""
                timestamp('0000-12-31T23:59:59Z')
                timestamp('10000-01-01T00:00:00Z')
                timestamp('2009-02-13T23:31:60Z')
                timestamp('2009-02-29T23:31:00Z')
                timestamp('2009-02-13 23:31:00Z')
                timestamp('2009-02-13T23:31:00')
                timestamp('2009-02-13T24:00:00Z')
                timestamp(253402300800)
                timestamp(-62135596801)
                timestamp('9999-12-31T23:59:59Z') + duration('1s')
                timestamp('0001-01-01T00:00:00Z') - duration('1ns')
                timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')
                timestamp('2009-02-13T02:00:00Z').getHours('')
                duration('1h') - timestamp(0)
                """#
        ),
        Subject(
            name: "durations",
            truths: #"""
                duration('1h2m3s4ms5us6ns') == duration('3723.004005006s')
                duration('1us') == duration('1µs') && duration('1μs') == duration('1000ns')
                duration('-1.5h') == duration('-90m')
                duration('.5s') == duration('500ms')
                duration('1.s') == duration('1s')
                duration('+5s') == duration('5s')
                duration('-0') == duration('0s')
                duration('9223372036854775807ns') > duration('0s')
                duration('-9223372036854775808ns') < duration('0s')
                string(duration('1.000000001s')) == '1.000000001s'
                string(duration('1000000s')) == '1000000s'
                string(duration('-1ms')) == '-0.001s'
                duration('1h30m').getMinutes() == 90 && duration('3661s').getHours() == 1
                duration('-1.5s').getMilliseconds() == -500
                duration('123.321456789s').getMilliseconds() == 321
                int(duration('90s')) == 90
                """#,
            errors: #"""
                duration('')
                duration('1')
                duration('1d')
                duration('s')
                duration('1h-2m')
                duration('320000000000s')
                duration('9223372036854775808ns')
                duration('9223372036.9s') + duration('1s')
                duration('-9223372036.9s') - duration('1s')
                -duration('1s')
                """#
        ),
        Subject(
            name: "conversions",
            truths: #"""
                int('-9223372036854775808') == -9223372036854775808
                int('+5') == 5
                int(9223372036854774784.0) == 9223372036854774784
                uint(18446744073709549568.0) == 18446744073709549568u
                uint(1.9) == 1u
                uint('18446744073709551615') == 18446744073709551615u
                double('1e400') == 1.0/0.0
                double('-Infinity') == -1.0/0.0
                double('inf') == 1.0/0.0
                math.isNaN(double('NaN'))
                double('.5') == 0.5
                double('5.') == 5.0
                double(9223372036854775807) == 9223372036854775807.0
                string(1.0) == '1'
                string(1e21) == '1e+21'
                string(-0.0) == '-0'
                string(1.5e-7) == '1.5e-07'
                string(100000.0) == '100000'
                string(0.0/0.0) == 'NaN'
                string(b'abc') == 'abc'
                string(18446744073709551615u) == '18446744073709551615'
                bool('TRUE') && bool('t') && bool('1') && bool('True')
                bool('F') == false
                bytes('ÿ') == b'\xc3\xbf'
                bytes(b'a') == b'a'
                type(type(1)) == type
                type(null) == null_type
                type([]) == list && type({}) == map && type(timestamp(0)) == google.protobuf.Timestamp
                type(duration('1s')) == google.protobuf.Duration
                type(b'') == bytes && type(1.0) == double && type(1u) == uint && type(true) == bool && type('') == string
                dyn(1) + 1 == 2
                """#,
            errors: #"""
                int('')
                int(' 1')
                int('1.0')
                int('0x1F')
                int('9223372036854775808')
                int(9223372036854775808.0)
                int(-9223372036854775809.0)
                int(0.0/0.0)
                int(1.0/0.0)
                int(9223372036854775808u)
                uint(-1)
                uint(-1.0)
                uint(18446744073709551616.0)
                uint('-1')
                uint('1u')
                uint('18446744073709551616')
                double('')
                double(' 1')
                double('abc')
                string(b'\xff')
                string(b'\x00\xff')
                string([1])
                string(null)
                bool('tRuE')
                bool('yes')
                """#
        ),
        Subject(
            name: "literals",
            truths: #"""
                "\u00e9" == 'é' && "\U0001F600" == '😀' && '\101' == 'A' && '\x41' == 'A' && '\X41' == 'A'
                b'\303\277' == b'ÿ'
                b'\xff' == b'\377'
                r'\n' == '\\n' && R"\n" == '\\n'
                rb'\n' == b'\\n'
                br'\n' == b'\\n'
                bR'\n' == b'\\n' && Br'\n' == b'\\n'
                """a"b""" == 'a"b' && '''a'b''' == "a'b"
                '\?\`\'\"' == "?`'\""
                1e3 == 1000.0 && .5 == 0.5 && 1.5E-3 == 0.0015 && 1e+3 == 1000.0
                0xFF == 255 && 0Xff == 255
                0xFFu == 255u && 0XFFU == 255u
                -0x8000000000000000 == -9223372036854775808
                --1 == 1 && ---1 == -1 && !!true
                """#,
            errors: #"""
                '\ud800'
                '\udfff'
                '\U00110000'
                '\U0000d800'
                '\s'
                '\400'
                '\8'
                '\x4'
                b'\u0041'
                b'\U00000041'
                'a' 'b'
                1_000
                1.
                0x8000000000000000
                9223372036854775808
                -9223372036854775809
                18446744073709551616u
                -1u
                -(-9223372036854775807 - 1)
                1e400 > 1.0
                """#
        ),
        Subject(
            name: "names",
            truths: #"""
                {'as': 1}.as == 1
                {'package': 1}.package == 1
                {'a-b': 1}.`a-b` == 1
                {'a.b': 1}.`a.b` == 1
                {'a b': 1}.`a b` == 1
                has({'a-b': 1}.`a-b`)
                {'if': 1}.`if` == 1
                {'in': 1}.`in` == 1
                [1,2].map(x, [x].map(x, x + 1)) == [[2],[3]]
                [[1],[2]].map(x, x.map(x, x)) == [[1],[2]]
                cel.bind(x, 1, [2].map(x, x)[0] + x) == 3
                [1].all(i, i == 1 || i / 0 == 1)
                """#,
            errors: #"""
                {'in': 1}.in
                if
                let
                [1].map(if, 1)
                [1].exists(x, .x == 1)
                """#
        ),
        Subject(
            name: "equality and order",
            truths: #"""
                1 == dyn(1u) && dyn(1u) == 1.0 && 1.0 == dyn(1)
                dyn('1') != 1
                (dyn(null) == 0) == false
                (null == dyn({})) == false
                {1: 'a'}[dyn(1u)] == 'a' && {1: 'a'}[dyn(1.0)] == 'a'
                dyn(1.0) in {1: 1} && dyn(1u) in {1: 1} && !(dyn(1.5) in {1: 1}) && !(dyn('1') in {1: 1})
                !(dyn(null) in {1: 1})
                dyn(1.0) in [1, 2] && !(dyn('1') in [1])
                !(0.0/0.0 in [0.0/0.0])
                0.0/0.0 != 0.0/0.0
                !(0.0/0.0 < 1.0) && !(0.0/0.0 >= 1.0)
                [0.0/0.0] != [0.0/0.0]
                {'a': 0.0/0.0} != {'a': 0.0/0.0}
                -0.0 == 0.0
                dyn(9007199254740993) == 9007199254740992.0
                dyn(18446744073709551615u) > 9223372036854775807
                -1 < dyn(0u)
                [dyn(1), 2] == [dyn(1.0), 2u]
                {'a': dyn(1)} == {'a': dyn(1u)}
                {dyn(1): 1} == {dyn(1u): 1}
                b'a' < b'b' && 'a' < 'b' && false < true
                'é' != 'e\u0301'
                '\U0001F600' > '\uffff'
                type(1) == int && type(1) != uint
                """#,
            errors: #"""
                {1: 'a'}[dyn(1.5)]
                {1.0: 'a'}
                {null: 1}
                {[1]: 1}
                {1: 'a', 1: 'b'}
                {dyn(1): 'a', 1u: 'b'}
                {'a': 1, 'a': 2}
                (dyn(1) < 'a')
                (dyn(true) < 1)
                ([1] < [2])
                (null < null)
                ({} == 1)
                """#
        ),
        Subject(
            name: "logic and macros",
            truths: #"""
                true || 1/0 > 0
                !(false && 1/0 > 0)
                !(1/0 > 0 && false)
                true || dyn(1)
                (dyn('a') && false) == false
                [1, 0].exists(x, 1 / x == 1)
                [0, 1].exists(x, 1 / x == 1)
                [0, 2].all(x, 1 / x == 1) == false
                [2, 0].all(x, 1 / x == 1) == false
                [1,1].exists_one(x, x == 1) == false
                [].all(x, false) && ![].exists(x, true) && ![].exists_one(x, true)
                {'a': 1, 'b': 2}.all(k, k in ['a', 'b']) && {'a': 1}.exists(k, k == 'a')
                {'a': 1}.map(k, k) == ['a'] && {'a': 1, 'b': 2}.filter(k, k == 'b') == ['b']
                [1,2,3].map(x, x > 1, x * 2) == [4, 6]
                (false ? 1/0 : 2) == 2
                has({'a': null}.a)
                has({'a': 1}.a) && !has({}.a)
                """#,
            errors: #"""
                (1/0 > 0 || false)
                (1/0 > 0 && true)
                (dyn(1) || false)
                (false || dyn(1))
                (dyn('a') && true)
                [0, 2].exists(x, 1 / x == 1)
                [0].all(x, 1 / x == 1)
                [0, 1].all(x, 1 / x == 1)
                [0, 1].exists_one(x, 1 / x == 1)
                [1, 0].exists_one(x, 1 / x == 1)
                [1].all(x, 1)
                'abc'.all(x, true)
                1.exists(x, true)
                (dyn(1) ? 1 : 2)
                has(dyn(1).a)
                has({'a': 1})
                has([1].a)
                """#
        ),
        Subject(
            name: "arithmetic",
            truths: #"""
                -7 / 2 == -3 && -7 % 2 == -1 && 7 % -2 == 1
                1.0 / 0.0 == double('Infinity')
                [1] + [2] == [1, 2] && b'a' + b'b' == b'ab'
                """#,
            errors: #"""
                9223372036854775807 + 1
                -9223372036854775808 - 1
                9223372036854775807 * 2
                -9223372036854775808 / -1
                1 / 0
                1 % 0
                1u / 0u
                1u % 0u
                0u - 1u
                18446744073709551615u + 1u
                18446744073709551615u * 2u
                1.5 % 1.0
                1 + 1.0
                1u + 1
                'a' + 1
                {} + {}
                true + true
                """#
        ),
        Subject(
            name: "two-variable comprehensions",
            truths: #"""
                [1, 2, 3].transformMap(i, v, i % 2 == 0, v * 2) == {0: 2, 2: 6}
                [1, 2, 3].transformList(i, v, i > 0, v) == [2, 3]
                {'a': 1}.transformList(k, v, k + string(v)) == ['a1']
                {'a': 'x'}.transformMapEntry(k, v, k == 'b', {v: k}) == {}
                [1,2].existsOne(i, v, i == 1) && [1,2].exists_one(i, v, v == 2)
                [1,2].all(i, v, i < v)
                {'a':1}.exists(k, v, k == 'a' && v == 1)
                {'a': 1, 'b': 2}.transformMapEntry(k, v, {k: v, k + '2': v}).size() == 4
                cel.block([1, cel.index(0) + 1], cel.index(1) * 2) == 4
                """#,
            errors: #"""
                {'a': 'x', 'b': 'x'}.transformMapEntry(k, v, {v: k})
                [1, 2].transformMapEntry(i, v, {dyn(v) == 1 ? dyn(1) : dyn(1u): i})
                {'a':1}.transformMapEntry(k, v, 1)
                """#
        ),
        Subject(
            name: "syntax",
            truths: #"""
                size('\U0001F600') == 1 && size(b'\xf0\x9f') == 2 && {'a':1}.size() == 1
                1 + 2 * 3 - 4 / 2 == 5 && !(true && false || false)
                2 < 3 == true
                {'a': 1,}.a == 1 && [1,].size() == 1
                'abc'.contains('') && ''.contains('') && 'abc'.startsWith('') && 'abc'.endsWith('')
                matches('foobar', 'foo.*') && 'foobar'.matches('^o') == false
                'é'.matches('^.$')
                '' in ['']
                [1, 'a', null, [2]].size() == 4
                [[1,2],[3]][1][0] == 3
                [1,2][dyn(1.0)] == 2 && [1,2][dyn(1u)] == 2
                """#,
            errors: #"""
                true ? false ? 1 : 2 : 3
                {,}
                [,]
                size(1,)
                  == 1
                'a'.matches('(')
                'a'.matches('(?=a)')
                size(1)
                size(null)
                [1][1]
                [1][-1]
                [1][dyn('a')]
                [1,2][dyn(1.5)]
                {'a':1}.b
                {'a':1}['b']
                {'a':1}[1]
                dyn(1).a
                'abc'[0]
                """#
        ),
    ]
}
