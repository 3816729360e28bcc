"""All metrics of some namespaces, as their services' guides list them; what AWS adds later is unknown, not wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_JOBS: Final = ("Aborted", "Completed", "Created", "Expired", "Failed", "Pending", "Running")

_WAYS: Final = ("In", "Out")
_ENDS: Final = ("Hits", "Misses")
_COMMANDS: Final = (
    *("BloomFilter", "Cluster", "Eval", "GeoSpatial", "Hash", "HyperLogLog", "Json", "Key", "List", "PubSub"),
    *("Search", "Set", "SortedSet", "Stream", "String"),
)
"""Kinds of commands that ElastiCache counts and times for Valkey and Redis."""

KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "AWS/ApplicationELB": frozenset(
        {
            *(f"HTTPCode_ELB_{code}_Count" for code in ("3XX", "4XX", "5XX", 500, 502, 503, 504)),
            *(f"HTTPCode_Target_{code}XX_Count" for code in (2, 3, 4, 5)),
            *(f"ELBAuth{word}" for word in ("Error", "Failure", "Latency", "RefreshTokenSuccess", "Success")),
            *(f"{state}State{kind}" for state in ("Healthy", "Unhealthy") for kind in ("DNS", "Routing")),
            "ActiveConnectionCount",
            "AnomalousHostCount",
            "ClientTLSNegotiationErrorCount",
            "ConsumedLCUs",
            "DesyncMitigationMode_NonCompliant_Request_Count",
            "DroppedInvalidHeaderRequestCount",
            "GrpcRequestCount",
            "HTTP_Fixed_Response_Count",
            "HTTP_Redirect_Count",
            "HTTP_Redirect_Url_Limit_Exceeded_Count",
            "HealthyHostCount",
            "IPv6ProcessedBytes",
            "IPv6RequestCount",
            "LambdaInternalError",
            "LambdaTargetProcessedBytes",
            "LambdaUserError",
            "MitigatedHostCount",
            "NewConnectionCount",
            "PeakLCUs",
            "ProcessedBytes",
            "RejectedConnectionCount",
            "RequestCount",
            "RequestCountPerTarget",
            "RuleEvaluations",
            "StandardProcessedBytes",
            "TargetConnectionErrorCount",
            "TargetResponseTime",
            "TargetTLSNegotiationErrorCount",
            "UnHealthyHostCount",
            "UnhealthyRoutingRequestCount",
        }
    ),
    "AWS/Backup": frozenset(
        [f"NumberOf{kind}Jobs{state}" for kind in ("Backup", "Copy", "Restore") for state in _JOBS]
        + [f"NumberOfRecoveryPoints{state}" for state in ("Completed", "Partial", "Expired", "Deleting", "Cold")]
    ),
    "AWS/ECS": frozenset(
        {
            "ActiveConnectionCount",
            "CPUReservation",
            "CPUUtilization",
            "ClientTLSNegotiationErrorCount",
            "EBSFilesystemUtilization",
            "GPUReservation",
            "GrpcRequestCount",
            *(f"HTTPCode_Target_{code}XX_Count" for code in (2, 3, 4, 5)),
            "MemoryReservation",
            "MemoryUtilization",
            "NewConnectionCount",
            "ProcessedBytes",
            "RequestCount",
            "RequestCountPerTarget",
            "TargetResponseTime",
            "TargetTLSNegotiationErrorCount",
        }
    ),
    "AWS/EFS": frozenset(
        [f"{kind}IOBytes" for kind in ("DataRead", "DataWrite", "Metadata", "Metered", "Total")]
        + [f"Metadata{kind}IOBytes" for kind in ("Read", "Write")]
        + ["BurstCreditBalance", "ClientConnections", "PercentIOLimit", "PermittedThroughput", "StorageBytes"]
        + ["TimeSinceLastSync"]
    ),
    "AWS/ElastiCache": frozenset(
        {
            *(f"{kind}BasedCmds{suffix}" for kind in _COMMANDS for suffix in ("", "Latency")),
            *(f"{kind}Based{way}Cmds" for kind in ("Json", "Search") for way in ("Get", "Set")),
            *(f"{kind}Cmds{suffix}" for kind in ("GetType", "NonKeyType", "SetType") for suffix in ("", "Latency")),
            *(
                f"Network{what}{way}"
                for what in ("Bytes", "MaxBytes", "MaxPackets", "Packets")
                for way in ("In", "Out")
            ),
            *(f"NetworkBandwidth{way}AllowanceExceeded" for way in _WAYS),
            *(f"Network{what}AllowanceExceeded" for what in ("Conntrack", "LinkLocal", "PacketsPerSecond")),
            *(f"{what}AuthorizationFailures" for what in ("Channel", "Command", "Key")),
            *(f"Database{what}UsagePercentage" for what in ("Capacity", "Memory")),
            *(f"Database{what}UsageCountedForEvictPercentage" for what in ("Capacity", "Memory")),
            *(f"Cmd{what}" for what in ("ConfigGet", "ConfigSet", "Flush", "Get", "Set", "Touch")),
            *(
                f"{what}{end}"
                for what in ("Cas", "Decr", "Delete", "Get", "Incr", "Touch")
                for end in ("Hits", "Misses")
            ),
            *(f"Successful{way}RequestLatency" for way in ("Read", "Write")),
            *(f"Bytes{what}" for what in ("ReadFromDisk", "ReadIntoMemcached", "WrittenOutFromMemcached")),
            *(f"Bytes{what}" for what in ("UsedForCache", "UsedForCacheItems", "UsedForHash", "WrittenToDisk")),
            *(f"NumItems{what}Disk" for what in ("ReadFrom", "WrittenTo")),
            *("ActiveDefragHits", "AuthenticationFailures", "CPUCreditBalance", "CPUCreditUsage", "CPUUtilization"),
            *("CacheHitRate", "CacheHits", "CacheMisses", "CasBadval", "CurrConfig", "CurrConnections", "CurrItems"),
            *("CurrVolatileItems", "DB0AverageTTL", "ElastiCacheProcessingUnits", "EngineCPUUtilization", "ErrorCount"),
            *("EvictedUnfetched", "Evictions", "ExpiredUnfetched", "FreeableMemory", "GlobalDatastoreReplicationLag"),
            *("IamAuthenticationExpirations", "IamAuthenticationThrottling", "IsMaster", "IsPrimary", "KeysTracked"),
            *("MasterLinkHealthStatus", "MemoryFragmentationRatio", "NewConnections", "NewItems"),
            *("NetworkConntrackAllowanceAvailable", "PrimaryLinkHealthStatus", "Reclaimed", "ReplicationBytes"),
            *("ReplicationLag", "SaveInProgress", "SearchNumberOfIndexedKeys", "SearchNumberOfIndexes", "SlabsMoved"),
            *("SearchTotalIndexSize", "SwapUsage", "ThrottledCmds", "TotalCmdsCount", "TrafficManagementActive"),
            "UnusedMemory",
        }
    ),
    "AWS/NATGateway": frozenset(
        [f"{what}{way}" for what in ("Bytes", "Packets") for way in ("InFromDestination", "InFromSource")]
        + [f"{what}{way}" for what in ("Bytes", "Packets") for way in ("OutToDestination", "OutToSource")]
        + ["ActiveConnectionCount", "ConnectionAttemptCount", "ConnectionEstablishedCount", "ErrorPortAllocation"]
        + ["IdleTimeoutCount", "PacketsDropCount", "PeakBytesPerSecond", "PeakPacketsPerSecond"]
    ),
}
