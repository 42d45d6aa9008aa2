"""convert: a FlexConnector's JSON parser becomes a map that does the same.

SPDX-License-Identifier: MIT
"""
import json
import os
import subprocess

import pytest

from cef import Event
from runner import PROGRAM

SRCDIR = os.environ.get("CEFWD_SRCDIR", ".")

# Microsoft's page on the fields of the SIEM API says which went where:
# member, type of the token, field.
WDATP = [
    ("AlertTitle", "String", "name"),
    ("Severity", "String", "deviceSeverity"),
    ("Category", "String", "deviceEventCategory"),
    ("Source", "String", "sourceServiceName"),
    ("MachineName", "String", "sourceHostName"),
    ("MachineDomain", "String", "sourceDnsDomain"),
    ("UserDomain", "String", "sourceNtDomain"),
    ("UserName", "String", "sourceUserName"),
    ("LogOnUsers", "String", "sourceUserId"),
    ("FileName", "String", "fileName"),
    ("FilePath", "String", "filePath"),
    ("Sha1", "String", "fileHash"),
    ("Sha256", "String", "deviceCustomString6"),
    ("Md5", "String", "deviceCustomString5"),
    ("ThreatName", "String", "deviceCustomString1"),
    ("Actor", "String", "deviceCustomString4"),
    ("IpAddress", "IPAddress", "sourceAddress"),
    ("Url", "String", "requestUrl"),
    ("RemediationIsSuccess", "Integer", "deviceCustomNumber2"),
    ("WasExecutingWhileDetected", "Integer", "deviceCustomNumber1"),
    ("AlertId", "String", "externalId"),
    ("LinkToWDATP", "String", "flexString1"),
    ("AlertTime", "String", "deviceReceiptTime"),
]
WDATP_CONSTANTS = """
event.deviceVendor=__getVendor("Microsoft")
event.deviceProduct=__stringConstant("Microsoft Defender ATP")
event.deviceVersion=__stringConstant("2.0")
event.deviceReceiptTime=__createOptionalTimeStampFromString(\\
    AlertTime,"YYYY-MM-DDThh:mm:ss.SSSX")
severity.map.high.if.deviceSeverity=High
severity.map.medium.if.deviceSeverity=Medium
severity.map.low.if.deviceSeverity=Low,Informational
"""
DETECTION = {
    "AlertTitle": "Odd | logon=1", "Severity": "High", "Category": "Malware",
    "Source": "EDR", "MachineName": "pc7", "MachineDomain": "example.com",
    "UserDomain": "EXAMPLE", "UserName": "alice", "LogOnUsers": "EXAMPLE\\bob",
    "FileName": "a.exe", "FilePath": "C:\\new", "Sha1": "a" * 40,
    "Sha256": "b" * 64, "Md5": "c" * 32, "ThreatName": "Trojan",
    "Actor": "Someone", "IpAddress": "192.0.2.7",
    "Url": "http://example.com/?a=b", "RemediationIsSuccess": False,
    "WasExecutingWhileDetected": True, "AlertId": "1_2",
    "LinkToWDATP": "https://example.com/1",
    "AlertTime": "2026-01-02T03:04:05.1234567Z",
}

# An event field with each operation, and what it gives from RECORD.
OPERATIONS = [
    ("deviceAction", '__stringConstant("block")', "act", "block"),
    ("deviceFacility", "__oneOf(none,host)", "deviceFacility",
     "pc7.example.com"),
    ("message", '__concatenate("on ",host," by ",user,none)', "msg",
     "on pc7.example.com by EXAMPLE\\alice"),
    ("destinationHostName", r'__regexToken(host,"^(\\w+)\\.")', "dhost",
     "pc7"),
    ("destinationAddress", r'__regexTokenAsAddress(peer,"([^:]+):\\d+")',
     "dst", "192.0.2.9"),
    ("destinationPort", r'__regexTokenAsInteger(peer,":(\\d+)$")', "dpt",
     "8443"),
    ("deviceCustomNumber1", r'__regexTokenAsLong(peer,":(\\d+)$")', "cn1",
     "8443"),
    ("deviceCustomString1", '__replaceAll(host,"[ae]","_")', "cs1",
     "pc7._x_mpl_.com"),
    ("deviceCustomString2", '__replaceFirst(host,"e(x)","<$1>")', "cs2",
     "pc7.<x>ample.com"),
    ("destinationDnsDomain", '__split(host,".",2)', "destinationDnsDomain",
     "example"),
    ("sourcePort", '__splitAsInteger(peer,":",2)', "spt", "8443"),
    ("deviceCustomNumber2", '__splitAsLong(peer,":",2)', "cn2", "8443"),
    ("sourceAddress", '__splitAsAddress(peer,":",1)', "src", "192.0.2.9"),
    ("applicationProtocol", "__toUpperCase(app)", "app", "HTTPS"),
    ("fileType", "__toLowerCase(user)", "fileType", "example\\alice"),
    ("fileName", "__stringTrim(padded)", "fname", "x"),
    ("reason", '__ifThenElse(app,"https","web","other")', "reason", "web"),
    ("eventOutcome", '__ifThenElse(none,"","none seen",none)', "outcome",
     "none seen"),
    ("deviceTranslatedAddress", '__ifThenElseAddress(app,"x",peer,ip)',
     "deviceTranslatedAddress", "192.0.2.1"),
    ("requestMethod", '__ifTrueThenElse(flag,"yes","no")', "requestMethod",
     "yes"),
    ("requestContext", '__ifTrueThenElse(__contains(host,".org"),host,app)',
     "requestContext", "https"),
    ("deviceEventCategory", '__simpleMap(app,"ssh=shell","HTTPS=web")', "cat",
     "web"),
    ("baseEventCount", "__safeToInteger(number)", "cnt", "17"),
    ("bytesIn", "__toInteger(number)", "in", "17"),
    ("deviceCustomNumber3", "__safeToLong(number)", "cn3", "17"),
    ("deviceCustomDate1", '__safeToDate(day,"dd.MM.yyyy")',
     "deviceCustomDate1", "1767312000000"),
    ("startTime",
     '__createOptionalTimeStampFromString(when,"MMM dd yyyy HH:mm:ss")',
     "start", "1767323045000"),
    ("endTime", "__createLocalTimeStampFromSecondsSinceEpoch(seconds)", "end",
     "1767323045000"),
    ("fileModificationTime", "__longToTimeStamp(ms)",
     "fileModificationTime", "1767323045123"),
    ("fileCreateTime", "__parseMutableTimeStamp(iso)", "fileCreateTime",
     "1767323045123"),
    ("oldFileName", '__getVendor("Example")', "oldFileName", "Example"),
    ("transportProtocol", "__getProtocolName(protocol)", "proto", "UDP"),
    ("deviceDirection", "__getDeviceDirection(direction)", "deviceDirection",
     "1"),
    ("sourceNtDomain", "__extractNTDomain(user)", "sntdom", "EXAMPLE"),
    ("sourceUserName", "__extractNTUser(user)", "suser", "alice"),
    ("deviceCustomIPv6Address2", "__stringToIPv6Address(six)", "c6a2",
     "2001:db8::7"),
    ("deviceReceiptTime", "stamp", "rt", "1767323045123"),
    ("destinationMacAddress", "mac", "dmac", "00:0D:60:AF:1B:61"),
    ("oldFileSize", '__integerConstant("3")', "oldFileSize", "3"),
]
RECORD = {
    "host": "pc7.example.com", "user": "EXAMPLE\\alice",
    "peer": "192.0.2.9:8443", "app": "https", "padded": " x ", "flag": True,
    "number": "17", "day": "02.01.2026", "when": "Jan 02 2026 03:04:05",
    "seconds": 1767323045, "ms": 1767323045123,
    "iso": "2026-01-02T03:04:05.1234567Z", "protocol": 17,
    "direction": "Outbound", "six": "2001:DB8::7", "ip": "192.0.2.1",
    "stamp": "02/01/2026 03:04:05,123", "mac": "000d.60af.1b61",
}
# The stamp's milliseconds are cut: strptime(3) has none.
CUT = {"rt": "1767323045000"}
UNABLE = ["__length(host)", "__getTimeZone()", "__hexStringToLong(host)",
          "__BASE64Decode(host)", "__numberToAddress(number)",
          '__sum(number,"1")', '__subtract(number,"1")',
          '__divide(number,"2")', '__product(number,"2")']


def tokens(names, types=None):
    out = ["token.count=%d" % len(names)]
    for i, name in enumerate(names):
        out += ["token[%d].name=%s" % (i, name),
                "token[%d].type=%s" % (i, (types or {}).get(name, "String")),
                "token[%d].location=%s" % (i, name)]
    return "\n".join(out) + "\n"


@pytest.fixture(name="convert")
def fixture_convert(tmp_path):
    """convert(parser, *args): its result; the map stands in a.map."""
    def convert(parser, *args):
        (tmp_path / "a.jsonparser.properties").write_text(parser)
        done = subprocess.run(
            [PROGRAM, "convert", *args, "a.jsonparser.properties"],
            capture_output=True, text=True, check=False, cwd=tmp_path,
            timeout=60)
        (tmp_path / "a.map").write_text(done.stdout)
        return done
    convert.folder = tmp_path
    return convert


def translate(folder, map_name, record):
    check = subprocess.run([PROGRAM, "check", map_name], cwd=folder,
                           capture_output=True, text=True, check=False,
                           timeout=60)
    assert check.returncode == 0, check.stderr
    done = subprocess.run([PROGRAM, "translate", "-q", "-m", map_name],
                          input=json.dumps(record), cwd=folder,
                          capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return Event(done.stdout.rstrip("\n").encode())


def test_each_operation_gives_what_it_gave(convert):
    names = sorted(RECORD) + ["none"]
    parser = tokens(names).replace(
        "token[%d].type=String" % names.index("stamp"),
        "token[%d].type=TimeStamp\ntoken[%d].format=dd/MM/yyyy HH:mm:ss,SSS"
        % ((names.index("stamp"),) * 2))
    parser += "".join("event.%s=%s\n" % (name, value)
                      for name, value, _, _ in OPERATIONS)
    done = convert(parser)
    assert done.returncode == 0, done.stderr
    assert "every rule was carried over" in done.stderr
    assert "carried=%d" % len(OPERATIONS) in done.stderr
    event = translate(convert.folder, "a.map", RECORD)
    for _, _, key, value in OPERATIONS:
        assert event.ext.get(key) == CUT.get(key, value), key


def test_what_a_map_cannot_do_stands_there_with_its_reason(convert):
    parser = tokens(["host", "number"]) + "event.name=host\n" + "".join(
        "event.deviceCustomString%d=%s\n" % (i + 1, value)
        for i, value in enumerate(UNABLE[:6])) + "".join(
            "event.deviceCustomNumber%d=%s\n" % (i + 1, value)
            for i, value in enumerate(UNABLE[6:]))
    done = convert(parser)
    assert done.returncode == 0, done.stderr
    assert "left-out=%d" % len(UNABLE) in done.stderr
    left = [ln for ln in done.stdout.splitlines()
            if ln.startswith("# left out, line ")]
    assert len(left) == len(UNABLE)
    for value, ln in zip(UNABLE, left):
        operation = value.split("(", maxsplit=1)[0]
        assert "=%s  # %s: " % (value, operation) in ln
    event = translate(convert.folder, "a.map", {"host": "h"})
    assert event.name == "h"


def test_the_parser_of_defender_atp_agrees_with_the_shipped_map(convert):
    parser = "trigger.node.location=/\n" + tokens(
        [m for m, _, _ in WDATP], {m: t for m, t, _ in WDATP})
    parser += "".join("event.%s=%s\n" % (field, member)
                      for member, _, field in WDATP) + WDATP_CONSTANTS
    done = convert(parser)
    assert done.returncode == 0, done.stderr
    assert "every rule was carried over" in done.stderr
    ours = translate(convert.folder, "a.map", DETECTION)
    shipped = translate(convert.folder,
                        os.path.abspath(SRCDIR + "/cef/wdatp-siem.map"),
                        DETECTION)
    assert (ours.vendor, ours.product, ours.device_version, ours.name) == \
        ("Microsoft", "Microsoft Defender ATP", "2.0", "Odd | logon=1")
    assert ours.severity == "High"
    for key, value in ours.ext.items():
        if not key.endswith("Label"):
            assert shipped.ext.get(key) == value, key
    assert ours.ext["cn1"] == "1" and ours.ext["cn2"] == "0"
    assert len([k for k in ours.ext if not k.endswith("Label")]) == 21


def test_a_parser_from_stdin(convert):
    done = subprocess.run(
        [PROGRAM, "convert", "-"], input="event.name=__getVendor(\"x\")\n",
        capture_output=True, text=True, check=False, cwd=convert.folder,
        timeout=60)
    assert done.returncode == 0
    assert '\nname               = "x"\n' in done.stdout


@pytest.mark.parametrize("args, status, words", [
    ([], 64, "give one parser"),
    (["a", "b"], 64, "give one parser"),
    (["nosuch.properties"], 66, "nosuch.properties cannot be read"),
    (["a.map"], 65, "sets no field"),
])
def test_what_is_no_parser_is_refused(convert, args, status, words):
    convert("nothing=here\n")
    done = subprocess.run([PROGRAM, "convert", *args], capture_output=True,
                          text=True, check=False, cwd=convert.folder,
                          timeout=60)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
