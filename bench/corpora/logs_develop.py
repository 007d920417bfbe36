# ruff: noqa: E501 - a log statement stands on one line, as its system writes it
"""Systems on which constants of the log miner may be chosen."""

import random

from bench.corpora.logs import System
from bench.corpora.logs_slots import SLOTS

_INFO_MOSTLY = ("INFO",) * 8 + ("WARN", "ERROR")


def _clock(at: int, separator: str = ":") -> str:
    return separator.join(f"{part:02d}" for part in (at // 3600 % 24, at // 60 % 60, at % 60))


def _storage(rng: random.Random, at: int) -> str:
    part = rng.choice(["DataNode$PacketResponder", "DataNode", "FSNamesystem", "Balancer$Mover"])
    clock = _clock(at, "")
    return f"081109 {clock} {rng.randint(1, 40)} {rng.choice(_INFO_MOSTLY)} dfs.{part}: "


STORAGE = System(
    "storage",
    _storage,
    (
        "Receiving block {block} src: {slaship} dest: {slaship}",
        "Received block {block} of size {int} from {slaship}",
        "PacketResponder {digit} for block {block} terminating",
        "BLOCK* NameSystem.addStoredBlock: blockMap updated: {ipport} is added to {block} size {int}",
        "BLOCK* NameSystem.allocateBlock: {path}. {block}",
        "BLOCK* ask {ipport} to replicate {block} to datanode(s) {ipport}",
        "BLOCK* ask {ipport} to delete {blocks}",
        "BLOCK* NameSystem.delete: {block} is added to invalidSet of {ipport}",
        "Verification succeeded for {block}",
        "Deleting block {block} file {path}",
        "Served block {block} to {slaship}",
        "{ipport}:Got exception while serving {block} to {slaship}:",
        "Exception in receiveBlock for block {block} java.io.IOException: Connection reset by peer",
        "writeBlock {block} received exception java.io.EOFException",
        "Starting thread to transfer block {block} to {ipport}",
        "Unexpected error trying to delete block {block}. BlockInfo not found in volumeMap.",
    ),
)


def _jobs(rng: random.Random, at: int) -> str:
    thread = rng.choice(["main", "AsyncDispatcher event handler", "IPC Server handler 4 on 62270"])
    logger = rng.choice(["v2.app.job.impl.TaskAttemptImpl", "ipc.Client", "yarn.util.Rack"])
    return (
        f"2015-10-18 {_clock(at)},{rng.randint(0, 999):03d} {rng.choice(_INFO_MOSTLY)} "
        f"[{thread}] org.apache.hadoop.{logger}: "
    )


JOBS = System(
    "jobs",
    _jobs,
    (
        "{task} TaskAttempt Transitioned from NEW to UNASSIGNED",
        "{task} TaskAttempt Transitioned from UNASSIGNED to ASSIGNED",
        "{task} TaskAttempt Transitioned from ASSIGNED to RUNNING",
        "{task} TaskAttempt Transitioned from RUNNING to SUCCESS_CONTAINER_CLEANUP",
        "{task} Task Transitioned from NEW to SCHEDULED",
        "{task} Task Transitioned from SCHEDULED to RUNNING",
        "{task} Task Transitioned from RUNNING to SUCCEEDED",
        "Progress of TaskAttempt {task} is : {float}",
        "Auth successful for {task} (auth:SIMPLE)",
        "Resolved {host} to /default-rack",
        "JVM with ID: {task} given task: {task}",
        "JVM with ID : {task} asked for a task",
        "Address change detected. Old: {host}/{ipport} New: {host}:{port}",
        "Retrying connect to server: {hostport}. Already tried {digit} time(s); retry policy is "
        "RetryUpToMaximumCountWithFixedSleep(maxRetries={int}, sleepTime={int} MILLISECONDS)",
        "Assigned container {task} to {task}",
        "ERROR IN CONTACTING RM. ",
        "Launching {task}",
        "Shuffle port returned by ContainerManager for {task} : {port}",
        "Processing the event EventType: CONTAINER_REMOTE_LAUNCH for container {task} "
        "taskAttempt {task}",
        "Processing the event EventType: CONTAINER_REMOTE_CLEANUP for container {task} "
        "taskAttempt {task}",
        "Before Scheduling: PendingReds:{int} ScheduledMaps:{int} ScheduledReds:{int} "
        "AssignedMaps:{int} CompletedMaps:{int} HostLocal:{int} RackLocal:{int}",
        "After Scheduling: PendingReds:{int} ScheduledMaps:{int} ScheduledReds:{int} "
        "AssignedMaps:{int} CompletedMaps:{int} HostLocal:{int} RackLocal:{int}",
        "Recalculating schedule, headroom=<memory:{int}, vCores:{signed}>",
        "Reduce slow start threshold not met. completedMapsForReduceSlowstart {int}",
        "Diagnostics report from {task}: Container killed by the ApplicationMaster.",
        "Using callQueue class java.util.concurrent.LinkedBlockingQueue",
        "Registering class org.apache.hadoop.mapreduce.v2.app.job.event.JobEventType for class "
        "org.apache.hadoop.mapreduce.v2.app.MRAppMaster$JobEventDispatcher",
        "Registering class org.apache.hadoop.mapreduce.v2.app.rm.ContainerAllocator$EventType "
        "for class org.apache.hadoop.mapreduce.v2.app.MRAppMaster$ContainerAllocatorRouter",
        "Added filter AM_PROXY_FILTER (class=org.apache.hadoop.yarn.AmIpFilter) to context mapreduce",
        "Added filter AM_PROXY_FILTER (class=org.apache.hadoop.yarn.AmIpFilter) to context static",
        "OutputCommitter is org.apache.hadoop.mapreduce.lib.output.FileOutputCommitter",
        "maxContainerCapability: <memory:{int}, vCores:{int}>",
        "DataStreamer Exception",
        "Instantiated MRClientService at {host}/{ipport}",
        "Jetty bound to port {port}",
        "jetty-6.1.26",
    ),
)


def _syslog(rng: random.Random, at: int) -> str:
    program = rng.choice(["sshd(pam_unix)", "ftpd", "su(pam_unix)", "kernel", "cups"])
    process = "" if program in {"kernel", "cups"} else f"[{rng.randint(100, 32000)}]"
    return f"Jun {1 + at // 800:2d} {_clock(at * 60)} combo {program}{process}: "


SYSLOG = System(
    "syslog",
    _syslog,
    (
        "authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost={host} ",
        "authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost={ip}  user={user}",
        "check pass; user unknown",
        "session opened for user {user} by (uid={digit})",
        "session closed for user {user}",
        "connection from {ip} ({host}) at {date}",
        "connection from {ip} () at {date}",
        "ALERT exited abnormally with [{digit}]",
        "cupsd shutdown succeeded",
        "cupsd startup succeeded",
        "klogd startup succeeded",
        "syslogd startup succeeded",
        "ANONYMOUS FTP LOGIN FROM {ip}, (anonymous)",
        "User unknown timed out after {int} seconds at {date}",
        "getpeername (ftpd): Transport endpoint is not connected",
        "Kerberos authentication failed",
        "Linux version {version} (bhcompile@bugs.build) (gcc version {version}) #1 {date}",
        "BIOS-provided physical RAM map:",
        " BIOS-e820: {reg} - {reg} (usable)",
        "{int}MB LOWMEM available.",
        "On node {digit} totalpages: {int}",
        "  DMA zone: {int} pages, LIFO batch:{digit}",
        "  Normal zone: {int} pages, LIFO batch:{digit}",
        "CPU: L1 I cache: {int}K, L1 D cache: {int}K",
        "CPU: L2 cache: {int}K",
        "Enabling fast FPU save and restore... done.",
        "Enabling unmasked SIMD FPU exception support... done.",
        "Checking 'hlt' instruction... OK.",
        "usbcore: registered new driver usbfs",
        "usbcore: registered new driver hub",
        "Initializing IPsec netlink socket",
        "NET: Registered protocol family {int}",
        "SELinux:  Initializing.",
        "SELinux:  Starting in permissive mode",
        "removing device node '{path}'",
        "Out of Memory: Killed process {int} ({name}).",
    ),
)


def _console(rng: random.Random, at: int) -> str:
    second, node = 1117838570 + at, SLOTS["location"](rng)
    part = rng.choice(["KERNEL", "KERNEL", "APP", "DISCOVERY"])
    level = rng.choice(["INFO", "INFO", "FATAL", "WARNING", "SEVERE"])
    label = rng.choice(["-", "-", "-", "KERNDTLB", "APPREAD"])
    stamp = f"2005-06-03-{_clock(at, '.')}.{rng.randint(0, 999999):06d}"
    return f"{label} {second} 2005.06.03 {node} {stamp} {node} RAS {part} {level} "


CONSOLE = System(
    "console",
    _console,
    (
        "instruction cache parity error corrected",
        "generating core.{int}",
        "{int} double-hummer alignment exceptions",
        "{int} floating point alignment exceptions",
        "CE sym {int}, at {hex}, mask {hex}",
        "total of {int} ddr error(s) detected and corrected",
        "{int} ddr errors(s) detected and corrected on rank {digit}, symbol {int}, bit {digit}",
        "{int} L3 EDRAM error(s) (dcr {hex}) detected and corrected",
        "{int} L3 directory error(s) (dcr {hex}) detected and corrected",
        "{int} tree receiver {digit} in re-synch event(s) (dcr {hex}) detected",
        "ciod: Error reading message prefix on CioStream socket to {ipport}, Link has been severed",
        "ciod: Error reading message prefix after LOGIN_MESSAGE on CioStream socket to {ipport}:"
        " Connection reset by peer",
        "ciod: failed to read message prefix on control stream (CioStream socket to {ipport}",
        "ciod: Error loading {path}: invalid or missing program image, No such file or directory",
        "ciod: Error loading {path}: invalid or missing program image, Permission denied",
        "ciod: LOGIN chdir({path}) failed: No such file or directory",
        "ciod: Error creating node map from file {path}: No child processes",
        "rts: kernel terminated for reason {int}",
        "rts panic! - stopping execution",
        "data TLB error interrupt",
        "data storage interrupt",
        "machine check interrupt (bit={hex}): L2 dcache unit read return parity error",
        "machine check enable..............................{digit}",
        "instruction address: {hex}",
        "data address: {hex}",
        "program interrupt: illegal instruction......{digit}",
        "program interrupt: privileged instruction...{digit}",
        "program interrupt: trap instruction.........{digit}",
        "iar {reg} dear {reg}",
        "guaranteed data cache block touch........{digit}",
        "Node card is not fully functional",
        "MidplaneSwitchController performing bit sparing on {location} bit {int}",
        "idoproxydb hit ASSERT condition: ASSERT expression={int} Source file={path} Source line={int}",
        "Lustre mount FAILED : {name} : point {path}",
        "shutdown complete",
        "wait state enable........................{digit}",
    ),
)


def _logcat(rng: random.Random, at: int) -> str:
    tag = rng.choice(["WindowManager", "PowerManagerService", "Displays", "AudioManager", "Phone"])
    return (
        f"03-17 {_clock(at)}.{rng.randint(0, 999):03d}  {rng.randint(1000, 9999)} "
        f" {rng.randint(1000, 29999)} {rng.choice('DIVWE')} {tag}: "
    )


LOGCAT = System(
    "logcat",
    _logcat,
    (
        "printFreezingDisplayLogsopening app wtoken = AppWindowToken{{hash} token=Token{{reg} "
        "ActivityRecord{{reg} u0 {class} t{int}}}}, allDrawn= {bool}, startingDisplayed = {bool}",
        'acquire lock={int}, flags={hex}, tag="{name}", name={class}, ws={bool}, uid={int}, pid={int}',
        'release lock={int}, flags={hex}, tag="{name}", name={class}, ws={bool}, uid={int}, pid={int}',
        "ready=true,policy={digit},wakefulness={digit},wksummary={hex},uasummary={hex},"
        "bootcompleted={bool},boostinprogress={bool},waitmodeenable={bool},mode={bool},manual={int}",
        "Skipping AppWindowToken{{reg} token=Token{{reg}}} -- going to hide",
        "visible is system.time.showampm",
        "visible is system.charge.show",
        "visible is system.call.count gt {digit}",
        "getStreamVolume streamType: {digit} index: {int}",
        "querySwitchState {class} is {digit}",
        "isLayoutRtl = {bool}",
        "onReceive action: android.intent.action.BATTERY_CHANGED",
        "onReceive action: android.intent.action.SCREEN_ON",
        "setSystemUiVisibility vis={int} mask={hex} oldVal={int} newVal={int} diff={int}",
        "cancelNotification,cancelNotificationLocked,callingUid = {int},callingPid = {int}",
        "updateClearAll",
        "Destroying surface Surface(name={class}) called by {class}.destroySurface:{int}",
        "setLightsOn({bool})",
        "Overscroll distance = {signed}",
        "mNumRows:{digit} mNumCols:{digit}",
        "Uid {int} is in state {digit}, pkg {class}",
        "killed process {int} ({class}): adj {int}",
        "HBM brightnessIn ={float}",
        "HBM brightnessOut ={float}",
        "Animating brightness: target={int}, rate={int}",
        "userActivityNoUpdateLocked: eventTime={int}, event={digit}, flags={hex}, uid={int}",
        "startAnimation begin",
        "startAnimation end",
        "not interesting",
    ),
)


def _proxy(rng: random.Random, at: int) -> str:
    program = rng.choice(["chrome.exe", "chrome.exe", "Dropbox.exe", "Skype.exe *64"])
    return f"[10.30 {_clock(at)}] {program} - "


PROXY = System(
    "proxy",
    _proxy,
    (
        "{hostport} open through proxy {hostport} HTTPS",
        "{hostport} open through proxy {hostport} SOCKS5",
        "{hostport} close, {int} bytes sent, {int} bytes received, lifetime {lifetime}",
        "{hostport} close, {int} bytes ({float} KB) sent, {int} bytes received, lifetime {lifetime}",
        "{hostport} close, {int} bytes sent, {int} bytes ({float} KB) received, lifetime {lifetime}",
        "{hostport} close, {int} bytes ({float} KB) sent, {int} bytes ({float} KB) received, "
        "lifetime {lifetime}",
        "{hostport} error : Could not connect through proxy {hostport} - Proxy server cannot "
        "establish a connection with the target, status code {int}",
        "{hostport} error : Could not connect to proxy {hostport} - connection attempt failed with "
        "error {int}",
        "open through proxy {hostport} SOCKS5",
    ),
)


def _health(rng: random.Random, at: int) -> str:
    part = rng.choice(["Step_LSC", "Step_SPUtils", "Step_ExtSDM", "Step_StandReportReceiver"])
    return f"20171223-{_clock(at)}:{rng.randint(0, 999)}|{part}|30002312|"


HEALTH = System(
    "health",
    _health,
    (
        "onStandStepChanged {int}",
        "onExtend:{int} {int} {int} {digit}",
        " getTodayTotalDetailSteps = {hashes}",
        "setTodayTotalDetailSteps={hashes}",
        "calculateCaloriesWithCache totalCalories={int}",
        "calculateAltitudeWithCache totalAltitude={int}",
        "REPORT : {int} {int} {int} {int}",
        "processHandleBroadcastAction action:android.intent.action.TIME_TICK",
        "processHandleBroadcastAction action:android.intent.action.SCREEN_ON",
        "onReceive action: android.intent.action.SCREEN_OFF",
        "flush sensor data",
        "saveHealthDetailData() deleteHealthDetailData {int}",
        "getBinderPackageName packageName = {class}",
        "checkCurrentDay a new day comes , {int}",
        "initUserPrivacy the userPrivacy is true",
        "initialize com.huawei.health {bool}",
        "writeSessionToDB  isInsert = {bool}, id = {int}",
        "registerReceiver",
        "unregisterReceiver",
        "upLoadOneMinuteDataToEngine time={int},{int},{int},{int},{int}",
    ),
)


DEVELOP = (STORAGE, JOBS, SYSLOG, CONSOLE, LOGCAT, PROXY, HEALTH)
