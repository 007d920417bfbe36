# ruff: noqa: E501 - a log statement stands on one line, as its system writes it
"""Systems that only measure the log miner; no constant was chosen on them."""

import random

from bench.corpora.logs import System
from bench.corpora.logs_slots import SLOTS

_LEVELS = ("INFO",) * 8 + ("WARN", "ERROR")


def _clock(at: int) -> str:
    return ":".join(f"{part:02d}" for part in (at // 3600 % 24, at // 60 % 60, at % 60))


def _millis(rng: random.Random) -> str:
    return f"{rng.randint(0, 999):03d}"


def _sshd(rng: random.Random, at: int) -> str:
    return f"Dec 10 {_clock(at * 9)} LabSZ sshd[{rng.randint(20000, 30000)}]: "


SSHD = System(
    "sshd",
    _sshd,
    (
        "Failed password for {user} from {ip} port {port} ssh2",
        "Failed password for invalid user {name} from {ip} port {port} ssh2",
        "Invalid user {name} from {ip}",
        "input_userauth_request: invalid user {name} [preauth]",
        "Received disconnect from {ip}: {digit}: Bye Bye [preauth]",
        "Received disconnect from {ip}: {digit}: disconnected by user",
        "Connection closed by {ip} [preauth]",
        "Accepted password for {user} from {ip} port {port} ssh2",
        "pam_unix(sshd:auth): check pass; user unknown",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip} ",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip}"
        "  user={user}",
        "pam_unix(sshd:session): session opened for user {user} by (uid=0)",
        "pam_unix(sshd:session): session closed for user {user}",
        "reverse mapping checking getaddrinfo for {host} [{ip}] failed - POSSIBLE BREAK-IN ATTEMPT!",
        "Too many authentication failures for {user} [preauth]",
        "PAM {digit} more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip} ",
        "Did not receive identification string from {ip}",
        "message repeated {digit} times: [ Failed password for {user} from {ip} port {port} ssh2]",
        "error: Received disconnect from {ip}: {digit}: com.jcraft.jsch.JSchException: Auth fail "
        "[preauth]",
        "Bad protocol version identification '{name}' from {ip} port {port}",
        "fatal: Write failed: Connection reset by peer [preauth]",
        "Server listening on {ip} port {port}.",
    ),
)


def _ensemble(rng: random.Random, at: int) -> str:
    thread = rng.choice(
        [
            "main",
            "WorkerReceiver[myid=2]",
            f"SendWorker:{rng.randint(1, 10**12)}",
            "ProcessThread(sid:3 cport:-1):",
            f"NIOServerCxn.Factory:0.0.0.0/0.0.0.0:{rng.choice([2181, 2182])}",
        ]
    )
    return (
        f"2015-07-29 {_clock(at)},{_millis(rng)} - {rng.choice(_LEVELS):5s} "
        f"[{thread}:QuorumCnxManager@{rng.randint(100, 900)}] - "
    )


ENSEMBLE = System(
    "ensemble",
    _ensemble,
    (
        "Received connection request {slaship}",
        "Accepted socket connection from {slaship}",
        "Closed socket connection for client {slaship} which had sessionid {hex}",
        "Closed socket connection for client {slaship} (no session established for client)",
        "Established session {hex} with negotiated timeout {int} for client {slaship}",
        "Client attempting to establish new session at {slaship}",
        "Client attempting to renew session {hex} at {slaship}",
        "Expiring session {hex}, timeout of {ms} exceeded",
        "Processed session termination for sessionid: {hex}",
        "Cannot open channel to {digit} at election address {slaship}",
        "Connection broken for id {int}, my id = {digit}, error = ",
        "Notification time out: {int}",
        "Notification: {digit} (n.leader), {hex} (n.zxid), {hex} (n.round), LOOKING (n.state), "
        "{digit} (n.sid), {hex} (n.peerEPoch), FOLLOWING (my state)",
        "Interrupting SendWorker",
        "Interrupted while waiting for message on queue",
        "Send worker leaving thread",
        "Unexpected Exception: ",
        "shutdown of request processor complete",
        "Got user-level KeeperException when processing sessionid:{hex} type:create cxid:{hex} "
        "zxid:{hex} txntype:{signed} reqpath:n/a Error Path:{path} Error:KeeperErrorCode = "
        "NodeExists for {path}",
        "Snapshotting: {hex} to {path}",
        "LOOKING",
        "FOLLOWING",
        "Exception causing close of session {hex} due to java.io.IOException: ZooKeeperServer not "
        "running",
        "caught end of stream exception",
        "Server environment:java.vendor=Oracle Corporation",
        "Server environment:os.name=Linux",
        "Server environment:user.name=zookeeper",
        "Reading configuration from: {path}",
        "tickTime set to {int}",
        "minSessionTimeout set to {signed}",
        "maxSessionTimeout set to {signed}",
        "Server {digit} has {int} outstanding proposals, last {hex}",
    ),
)


def _executor(rng: random.Random, at: int) -> str:
    part = rng.choice(["executor.Executor", "storage.BlockManager", "storage.MemoryStore"])
    return f"17/06/09 {_clock(at)} {rng.choice(_LEVELS)} {part}: "


EXECUTOR = System(
    "executor",
    _executor,
    (
        "Running task {float} in stage {float} (TID {int})",
        "Finished task {float} in stage {float} (TID {int}). {int} bytes result sent to driver",
        "Found block rdd_{digit}_{int} locally",
        "Partition rdd_{digit}_{int} not found, computing it",
        "Block broadcast_{digit} stored as values in memory (estimated size {size}, free {size})",
        "Block broadcast_{digit}_piece0 stored as bytes in memory (estimated size {size}, free {size})",
        "Reading broadcast variable {digit} took {int} ms",
        "Started reading broadcast variable {digit}",
        "Got assigned task {int}",
        "Input split: hdfs://{hostport}{path}:{int}+{int}",
        "Times: total = {int}, boot = {signed}, init = {int}, finish = {digit}",
        "Changing view acls to: {name},{name}",
        "Changing modify acls to: {name},{name}",
        "SecurityManager: authentication disabled; ui acls disabled; users with view permissions: "
        "Set({name}, {name}); users with modify permissions: Set({name}, {name})",
        "Started remote actor at akka.tcp://{name}@{hostport}",
        "Successfully started service '{name}' on port {port}.",
        "Created local directory at {path}",
        "MemoryStore started with capacity {size}",
        "Connecting to driver: spark://CoarseGrainedScheduler@{ipport}",
        "Successfully registered with driver",
        "Starting executor ID {digit} on host {host}",
        "Saved output of task '{task}' to {url}",
        "{task}: Committed",
        "Removed broadcast_{int}_piece0 on {ipport} in memory (size: {size}, free: {size})",
        "Lost task {float} in stage {float} (TID {int}, {host}): java.lang.OutOfMemoryError: Java "
        "heap space",
    ),
)


def _compute(rng: random.Random, at: int) -> str:
    service = rng.choice(["nova-api", "nova-compute", "nova-scheduler"])
    hexes = SLOTS["hash"](rng)
    request = rng.choice([f"req-{SLOTS['uuid'](rng)} {hexes} {hexes} - - -", "-"])
    return (
        f"{service}.log.1.2017-05-16_13:55:31 2017-05-16 {_clock(at)}.{_millis(rng)} "
        f"{rng.randint(2000, 30000)} {rng.choice(_LEVELS)} nova.osapi_compute.wsgi.server [{request}] "
    )


COMPUTE = System(
    "compute",
    _compute,
    (
        '{ip} "GET /v2/{hash}/servers/detail HTTP/1.1" status: {int} len: {int} time: {float}',
        '{ip} "POST /v2/{hash}/os-server-external-events HTTP/1.1" status: {int} len: {int} '
        "time: {float}",
        '{ip} "DELETE /v2/{hash}/servers/{uuid} HTTP/1.1" status: {int} len: {int} time: {float}',
        "[instance: {uuid}] VM Started (Lifecycle Event)",
        "[instance: {uuid}] VM Paused (Lifecycle Event)",
        "[instance: {uuid}] VM Resumed (Lifecycle Event)",
        "[instance: {uuid}] VM Stopped (Lifecycle Event)",
        "[instance: {uuid}] Claim successful",
        "[instance: {uuid}] Attempting claim: memory {int} MB, disk {int} GB, vcpus {digit} CPU",
        "[instance: {uuid}] Total memory: {int} MB, used: {float} MB",
        "[instance: {uuid}] memory limit: {float} MB, free: {float} MB",
        "[instance: {uuid}] Total disk: {int} GB, used: {float} GB",
        "[instance: {uuid}] disk limit not specified, defaulting to unlimited",
        "[instance: {uuid}] vcpu limit not specified, defaulting to unlimited",
        "[instance: {uuid}] Creating image",
        "[instance: {uuid}] Deleting instance files {path}",
        "[instance: {uuid}] Deletion of {path} complete",
        "[instance: {uuid}] Instance destroyed successfully.",
        "[instance: {uuid}] Instance spawned successfully.",
        "[instance: {uuid}] Terminating instance",
        "[instance: {uuid}] Took {float} seconds to build instance.",
        "[instance: {uuid}] Took {float} seconds to spawn the instance on the hypervisor.",
        "[instance: {uuid}] Took {float} seconds to destroy the instance on the hypervisor.",
        "Creating event network-vif-plugged:{uuid} for instance {uuid}",
        "image {uuid} at ({path}): checking",
        "image {uuid} at ({path}): in use: on this node {digit} local, {digit} on other nodes "
        "sharing this instance storage",
        "Active base files: {path}",
        "Removable base files: {path}",
        "Base or swap file too young to remove: {path}",
        "Running instance usage audit for host {host} from {date} to {date}. {int} instances.",
        "Auditing locally available compute resources for node {host}",
        "Compute_service record updated for {host}:{host}",
        "HTTP exception thrown: No instances found for any event",
        "Unknown base file: {path}",
    ),
)


def _cluster(rng: random.Random, at: int) -> str:
    node = f"node-{rng.randint(0, 255)}"
    part, state = rng.choice(
        [("unix.hw", "state_change.unavailable"), ("node", "psu"), ("switch_module", "error")]
    )
    return f"{rng.randint(1000, 3000000)} {node} {part} {state} {1077804742 + at} 1 "


CLUSTER = System(
    "cluster",
    _cluster,
    (
        'Component State Change: Component "{node}" is in the unavailable state (HWID={int})',
        "PSU status ( on on )",
        "PSU status ( off on )",
        "Fan speeds ( {int} {int} {int} {int} {int} {int} )",
        "Temperature ({node}) exceeds warning threshold",
        "Node {node} detected network connection loss on network {ip} via interface {name}",
        "ServerFileSystem: An ServerFileSystem domain panic has occurred on storage{int}",
        "ServerFileSystem domain storage{int} is full",
        "ClusterFileSystem: There is no server for ServerFileSystem domain storage{int}",
        "Link error on broadcast tree Interconnect-{digit}T{digit}:{int}:{digit}",
        "Link in reset",
        "Link ok",
        "boot (command {int})",
        "halt (command {int})",
        "risBoot (command {int})",
        "running running",
        "ambient={int}",
        "critical temperature on {node}",
        "Targeting domains:{node} and nodes:{node} child of command {int}",
        "Linkerror event interval expired",
        "interconnect error on {int}",
        "not responding",
    ),
)


def _servicing(rng: random.Random, at: int) -> str:
    return f"2016-09-28 {_clock(at)}, Info                  {rng.choice(['CBS', 'CSI'])}    "


SERVICING = System(
    "servicing",
    _servicing,
    (
        "Loaded Servicing Stack v{version} with Core: {path}",
        "Warning: Unrecognized packageExtended attribute.",
        "Expecting attribute name [HRESULT = {hex} - CBS_E_MANIFEST_INVALID_ITEM]",
        "Failed to get next element [HRESULT = {hex} - CBS_E_MANIFEST_INVALID_ITEM]",
        "Session: {int}_{int} initialized by client WindowsUpdateAgent.",
        "Read out cached package applicability for package: Package_for_KB{int}~{hash}~amd64~~{version},"
        " ApplicableState: {int}, CurrentState:{int}",
        "SQM: Initializing online with Windows opt-in: False",
        "SQM: Cleaning up report files older than {int} days.",
        "SQM: Requesting upload of all unsent reports.",
        "SQM: Failed to start upload with file pattern: {path}, flags: {hex} [HRESULT = {hex} - E_FAIL]",
        "SQM: Queued {digit} file(s) for upload with pattern: {path}, flags: {hex}",
        "No startup processing required, TrustedInstaller service was not set as autostart",
        "NonStart: Checking to ensure startup processing was not required.",
        "Startup processing thread terminated normally",
        "Starting TrustedInstaller initialization.",
        "Ending TrustedInstaller initialization.",
        "Starting the TrustedInstaller main loop.",
        "TrustedInstaller service starts successfully.",
        "Scavenge: Starts",
        "Scavenge: Completed, disposition: {hex}",
        "{reg}@{date} CSI Transaction @{hex} initialized for deployment engine {{uuid}} with flags "
        "{reg} and client id [{int}]",
        "Reboot mark refs: {digit}",
        "Idle processing thread terminated normally",
    ),
)


def _mac(rng: random.Random, at: int) -> str:
    program = rng.choice(["kernel[0]", f"com.apple.cts[{rng.randint(99, 900)}]", "QQ[10018]"])
    return f"Jul  {1 + at // 700} {_clock(at * 40)} calvisitor-10-105-160-95 {program}: "


MAC = System(
    "mac",
    _mac,
    (
        "ARPT: {float}: wl0: wl_update_tcpkeep_seq: Original Seq: {int}, Ack: {int}, Win size: {int}",
        "ARPT: {float}: wl0: MDNS: IPV6 Addr: {mac}",
        "ARPT: {float}: wl0: MDNS: {digit} SRV Recs, {digit} TXT Recs",
        "ARPT: {float}: AirPort_Brcm43xx::powerChange: System Wake - Full Wake/ Dark Wake / "
        "Maintenance wake",
        "ARPT: {float}: AirPort_Brcm43xx::powerChange: System Sleep ",
        "ARPT: {float}: AirPort_Brcm43xx::syncPowerState: WWEN[enabled]",
        "IOThunderboltSwitch<{digit}>({hex})::listenerCallback - Thunderbolt HPD packet for route = "
        "{hex} port = {int} unplug = {digit}",
        "en0: BSSID changed to {mac}",
        "en0: channel changed to {int},{int}",
        'Setting hostname to "{host}"',
        "AppleCamIn::systemWakeCall - messageType = {hex}",
        "AppleCamIn::handleWakeEvent_gated",
        "IO80211AWDLPeerManager::setAwdlOperatingMode Setting the AWDL operation mode from AUTO to "
        "SUSPENDED",
        "IO80211AWDLPeerManager::setAwdlOperatingMode Setting the AWDL operation mode from SUSPENDED "
        "to AUTO",
        "PM response took {int} ms ({int}, powerd)",
        "Wake reason: ?",
        "Wake reason: RTC (Alarm)",
        "FA||Url||taskID[{int}] dealloc",
        "WARNING: Unable to start process {name} (pid {int})",
        "hibernate image path: {path}",
        "hibernate_rebuild completed - took {int} msecs",
        "Sandbox: com.apple.Addres({int}) deny(1) network-outbound {path}",
        "Unexpected payload found for message {int}, dataLen {digit}",
        "{clock}.{int} : (in {int}) assertion {name} held for {int} seconds by {class}",
        "Basemark {int} of {name} is stale, rebuilding",
        "failed to open {path}: Operation not permitted",
        "failed to open {path}: No such file or directory",
        "USBMSC Identifier (non-unique): {hash} {hex} {hex} {hex}, {digit}",
        "[{int}:{int}:{clock}:ERROR:script_manager.cc(168)] no manifest for {url}",
        "Previous sleep cause: {digit}",
    ),
)


def _apache(rng: random.Random, at: int) -> str:
    return f"[Sun Dec 04 {_clock(at)} 2005] [{rng.choice(['notice', 'error'])}] "


APACHE = System(
    "apache",
    _apache,
    (
        "jk2_init() Found child {int} in scoreboard slot {int}",
        "workerEnv.init() ok {path}",
        "mod_jk child workerEnv in error state {digit}",
        "[client {ip}] Directory index forbidden by rule: {path}",
        "jk2_init() Can't find child {int} in scoreboard",
        "mod_jk child init {digit} {signed}",
    ),
)


def _klog(rng: random.Random, at: int) -> str:
    return (
        f"{rng.choice('IIIIWE')}1122 {_clock(at)}.{rng.randint(0, 999999):06d}       1 "
        f"{rng.choice(['reflector', 'controller', 'scheduler', 'proxier'])}.go:{rng.randint(9, 900)}] "
    )


KLOG = System(
    "klog",
    _klog,
    (
        'Started container "{name}" in pod "{name}/{name}" after {dur}',
        'Failed to pull image "{host}{path}": rpc error: code = NotFound desc = manifest unknown',
        "Liveness probe for {name}/{name} failed (failure): Get {url}: context deadline exceeded",
        "Readiness probe for {name}/{name} failed (failure): HTTP probe failed with statuscode: {int}",
        "Successfully assigned {name}/{name} to {node}",
        "Scaled up replica set {name} to {digit}",
        "Scaled down replica set {name} to {digit}",
        "Evicting pod {name}/{name}: node {node} is low on memory, usage {percent}",
        "lease {name} acquired by {node}_{uuid}",
        "watch of *v1.ConfigMap ended with: too old resource version: {int} ({int})",
        "watch of *v1.Secret ended with: too old resource version: {int} ({int})",
        "Node {node} status changed to NotReady",
        "Node {node} status changed to Ready",
        "syncing service {name} took {dur}",
        "attempting to acquire leader lease {name}...",
        "Throttling request took {dur}, request: GET:{url}",
        "Throttling request took {dur}, request: PATCH:{url}",
        "volume {uuid} attached to node {node} at {path}",
        "OOM killed process {int} ({name}) in container {hash}, anon-rss {int}kB",
        "garbage collected {int} images, freed {size}",
    ),
)


def _aspnet(rng: random.Random, at: int) -> str:
    level = rng.choice(["INF", "INF", "WRN", "ERR"])
    return f"[{_clock(at)} {level}] <s:{rng.choice(['Orders', 'Kestrel', 'Efcore'])}> "


ASPNET = System(
    "aspnet",
    _aspnet,
    (
        "Request starting HTTP/1.1 GET {url}",
        "Request finished in {dur} with status {int}",
        "Executed DbCommand ({ms}) [Parameters=[{ints}], CommandType='Text', CommandTimeout='{int}']",
        "User {email} signed in from {ip}",
        "User {email} signed out",
        "Order {int} for customer {uuid} accepted, total {float} EUR",
        "Order {int} for customer {uuid} rejected: card declined",
        "Order {int} for customer {uuid} rejected: out of stock",
        "Cache miss for key {name}:{int}",
        "Cache hit for key {name}:{int}",
        "Retry {digit} after {dur} due to Timeout",
        "Circuit breaker for {host} opened after {digit} failures",
        "Circuit breaker for {host} closed",
        "Unhandled exception: System.NullReferenceException at {class}",
        "Now listening on: {url}",
        "Application is shutting down...",
        "Uploaded {path} ({size}) in {dur}",
        "Queue depth is {int}, oldest message {dur}",
        "Feature {name} enabled={bool} for tenant {name}",
        "Health check {name} completed after {ms} with status Healthy",
        "Health check {name} completed after {ms} with status Unhealthy",
    ),
)


def _zap(rng: random.Random, at: int) -> str:
    return (
        f"2026-11-22T{_clock(at)}.{_millis(rng)}Z\t{rng.choice(_LEVELS)}\tserver/api.go:{at % 90}\t"
    )


ZAP = System(
    "zap",
    _zap,
    (
        "request handled method=GET path={path} status={int} took={dur}",
        "request handled method=POST path={path} status={int} took={dur}",
        "upstream {host} unreachable: dial tcp {ipport}: connect: connection refused",
        "upstream {host} unreachable: dial tcp {ipport}: i/o timeout",
        "token for {email} expired {dur} ago",
        "token for {email} revoked",
        "rate limit exceeded client={ip} limit={int}/s burst={int}",
        "message {uuid} moved to dead letter queue after {digit} attempts",
        "published {int} events to topic {name} partition {int}",
        "consumer {name} lag {int}",
        "rebalancing group {name}: {int} members",
        "lock {name} held by {uuid} since {date}",
        "flag {name} set to {bool}",
        "loaded {int} rules from {path} in {dur}",
        "shutting down",
        "listening on {ipport}",
        "snapshot {hash} written, {size}",
        "panic recovered: runtime error: index out of range [{int}] with length {int}",
        "panic recovered: runtime error: invalid memory address or nil pointer dereference",
        "slow query {dur}: {int} rows",
    ),
)


def _pairs(rng: random.Random, at: int) -> str:
    return f"2026-11-22T{_clock(at)}.{rng.randint(0, 999):03d}Z {rng.choice(['INFO', 'INFO', 'INFO', 'WARN'])} gateway: "


PAIRS = System(
    "pairs",
    _pairs,
    (
        'msg="request handled" method={verb} path="{path}" agent="{words}" took={dur}',
        'msg="request refused" method={verb} user="{name}" took={dur}',
        'msg="request queued" queue="{words}" depth={int}',
        'msg="cache rebuilt" name="{words}" entries={int}',
        'msg="cache dropped" name="{words}" entries={int}',
        'msg="worker started" pool="{words}"',
        'msg="worker stopped after its last task" pool="{words}"',
        'msg="dial failed" addr={ipport} err="connection refused"',
        'acquired lock tag="{words}" uid={int}',
        'released lock tag="{words}" uid={int}',
        "volume label='{words}' mounted at {path}",
        "volume label='{words}' removed",
        'window title="{words}" opened by pid {int}',
        'window title="{words}" closed by pid {int}',
        "listening on {ipport}",
        "reload of configuration done in {ms}",
    ),
)

HOLDOUT = (
    SSHD, ENSEMBLE, EXECUTOR, COMPUTE, CLUSTER, SERVICING, MAC, APACHE, KLOG, ASPNET, ZAP,
    PAIRS,
)  # fmt: skip
