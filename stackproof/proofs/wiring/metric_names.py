"""All metrics of some namespaces, as their services' guides list them; what AWS adds later is unknown, not wrong.

Sources: the pages on CloudWatch metrics in the guides of each service: Amazon Aurora and Amazon RDS (clusters,
instances, proxies), AWS Lambda, AWS Step Functions, Amazon EventBridge, Amazon SQS, AWS Certificate Manager, AWS WAF,
and Container Insights for Amazon ECS. Compared with the list of Grafana's CloudWatch plugin (grafana-aws-sdk).
"""

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

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    # Parallel query, forwarded writes, and the shards of Aurora Limitless.
    "AWS/RDS": ("Aurora_pq_", "AuroraForwarding", "AuroraLocalForwarding", "DBShardGroup", "Forwarding"),
    # Sampled requests, one metric for each action.
    "AWS/WAFV2": ("Sample",),
    # Of single tasks, containers and instances: more with each version of the agent.
    "ECS/ContainerInsights": ("Container", "Instance", "Task", "instance_"),
}
"""How names begin that come in families; no list has all of them."""

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
    "AWS/CertificateManager": frozenset({"DaysToExpiry"}),
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
    "AWS/Events": frozenset(
        {
            *(f"IngestionToInvocation{end}Latency" for end in ("Complete", "Start", "Success")),
            *(f"Invocations{end}" for end in ("", "Created", "FailedToBeSentToDlq", "SentToDlq")),
            *(f"{kind}InvocationAttempts" for kind in ("Retry", "Successful")),
            *(
                f"Put{kind}Events{what}"
                for kind in ("", "Partner")
                for what in (
                    *(f"Approximate{how}Count" for how in ("Call", "Failed", "Success", "Throttled")),
                    *("EntriesCount", "FailedEntriesCount", "Latency", "RequestSize"),
                )
            ),
            *("DeadLetterInvocations", "Events", "FailedInvocations", "InvocationAttempts", "MatchedEvents"),
            *("ThrottledRules", "TriggeredRules"),
        }
    ),
    "AWS/Lambda": frozenset(
        {
            *(f"AsyncEvent{what}" for what in ("Age", "sDropped", "sReceived")),
            *(
                f"{what}EventCount"
                for what in ("Deleted", "Dropped", "FailedInvoke", "FilteredOut", "Invoked", "Polled")
            ),
            *(f"{kind}ConcurrentExecutions" for kind in ("", "Unreserved")),
            *(f"ProvisionedConcurrency{what}" for what in ("Invocations", "SpilloverInvocations", "Utilization")),
            *(f"Signal{what}" for what in ("Errors", "Invocations")),
            *("ClaimedAccountConcurrency", "DeadLetterErrors", "DestinationDeliveryFailures", "Duration", "Errors"),
            *("Invocations", "IteratorAge", "OffsetLag", "OnFailureDestinationDeliveredEventCount"),
            *("OversizedRecordCount", "PostRuntimeExtensionsDuration", "ProvisionedConcurrentExecutions"),
            *("ProvisionedPollers", "RecursiveInvocationsDropped", "Throttles"),
        }
    ),
    "AWS/NATGateway": frozenset(
        [f"{what}{way}" for what in ("Bytes", "Packets") for way in ("InFromDestination", "InFromSource")]
        + [f"{what}{way}" for what in ("Bytes", "Packets") for way in ("OutToDestination", "OutToSource")]
        + ["ActiveConnectionCount", "ConnectionAttemptCount", "ConnectionEstablishedCount", "ErrorPortAllocation"]
        + ["IdleTimeoutCount", "PacketsDropCount", "PeakBytesPerSecond", "PeakPacketsPerSecond"]
    ),
    "AWS/RDS": frozenset(
        {
            *(
                f"{kind}{what}"
                for kind in ("Commit", "DDL", "DML", "Delete", "Insert", "Select", "Update")
                for what in ("Latency", "Throughput")
            ),
            *(
                f"{way}{what}{where}"
                for way in ("Read", "Write")
                for what in ("IOPS", "Latency", "Throughput")
                for where in ("", "EphemeralStorage", "LocalStorage", "LogVolume")
            ),
            *(f"{where}Network{way}Throughput" for where in ("", "Storage") for way in ("", "Receive", "Transmit")),
            *(f"AuroraGlobalDB{what}" for what in ("DataTransferBytes", "ProgressLag", "RPOLag", "ReplicationLag")),
            *(f"AuroraMemoryNum{what}Total" for what in ("DeclinedSql", "KillConn", "KillQuery")),
            *(f"AuroraReplicaLag{which}" for which in ("", "Maximum", "Minimum")),
            *(f"AuroraSlow{what}Count" for what in ("ConnectionHandle", "Handshake")),
            *(f"BacktrackChangeRecords{what}" for what in ("CreationRate", "Stored")),
            *(
                f"CPU{what}"
                for what in ("CreditBalance", "CreditUsage", "SurplusCreditBalance", "SurplusCreditsCharged")
            ),
            *(f"ClientConnections{what}" for what in ("", "Closed", "NoTLS", "Received", "SetupFailedAuth")),
            *(f"ClientConnections{what}" for what in ("SetupSucceeded", "TLS")),
            *(f"DBLoad{what}" for what in ("", "CPU", "NonCPU", "RelativeToNumVCPUs")),
            *(f"DatabaseConnection{what}" for what in ("Requests", "RequestsWithTLS", "s", "sBorrowLatency")),
            *(f"DatabaseConnectionsCurrently{what}" for what in ("Borrowed", "InTransaction", "SessionPinned")),
            *(f"DatabaseConnections{what}" for what in ("SetupFailed", "SetupSucceeded", "WithTLS")),
            *(f"Free{what}" for what in ("EphemeralStorage", "LocalStorage", "LocalStoragePercent", "StorageSpace")),
            *(f"QueryRequests{what}" for what in ("", "NoTLS", "TLS")),
            *(f"Transaction{what}" for what in ("AgeMaximum", "LogsDiskUsage", "LogsGeneration")),
            *("ACUUtilization", "AbortedClients", "ActiveTransactions", "AuroraBinlogReplicaLag"),
            *("AuroraDMLRejectedMasterFull", "AuroraDMLRejectedWriterFull", "AuroraEstimatedSharedMemoryBytes"),
            *("AuroraGlobalDBReplicatedWriteIO", "AuroraMemoryHealthState", "AuroraOptimizedReadsCacheHitRatio"),
            *("AuroraVolumeBytesLeftTotal", "AvailabilityPercentage", "BackupRetentionPeriodStorageUsed"),
            *("BacktrackWindowActual", "BacktrackWindowAlert", "BinLogDiskUsage", "BlockedTransactions"),
            *("BufferCacheHitRatio", "BurstBalance", "CPUUtilization", "CheckpointLag", "ConnectionAttempts"),
            *("Deadlocks", "DiskQueueDepth", "DiskQueueDepthLogVolume", "EBSByteBalance%", "EBSIOBalance%"),
            *("EngineUptime", "FailedSQLServerAgentJobsCount", "FreeStorageSpaceLogVolume", "FreeableMemory"),
            *("LoginFailures", "MaxDatabaseConnectionsAllowed", "MaximumUsedTransactionIDs", "NumBinaryLogFiles"),
            *("OldestLogicalReplicationSlotLag", "OldestReplicationSlotLag", "PurgeBoundary", "PurgeFinishedPoint"),
            *("Queries", "QueryDatabaseResponseLatency", "QueryResponseLatency", "RDSToAuroraPostgreSQLReplicaLag"),
            *("ReplicaLag", "ReplicationChannelLag", "ReplicationSlotDiskUsage", "ResultSetCacheHitRatio"),
            *("RollbackSegmentHistoryListLength", "RowLockTime", "ServerlessDatabaseCapacity", "SnapshotStorageUsed"),
            *("SumBinaryLogSize", "SwapUsage", "TempStorageIOPS", "TempStorageThroughput"),
            *("TotalBackupStorageBilled", "TruncateFinishedPoint", "VolumeBytesUsed", "VolumeReadIOPs"),
            "VolumeWriteIOPs",
        }
    ),
    "AWS/SQS": frozenset(
        {
            *(
                f"ApproximateNumberOfMessages{state}{whose}"
                for state in ("Delayed", "NotVisible", "Visible")
                for whose in ("", "InQuietGroups")
            ),
            *(f"ApproximateAgeOfOldestMessage{whose}" for whose in ("", "InQuietGroups")),
            *(f"NumberOf{what}" for what in ("DeduplicatedSentMessages", "EmptyReceives", "MessagesDeleted")),
            *("ApproximateNumberOfGroupsWithInflightMessages", "ApproximateNumberOfNoisyGroups"),
            *("NumberOfMessagesReceived", "NumberOfMessagesSent", "SentMessageSize"),
        }
    ),
    "AWS/States": frozenset(
        {
            *(
                f"{kind}{end}"
                for kind in ("Activities", "LambdaFunctions", "ServiceIntegrations")
                for end in ("Failed", "Scheduled", "Started", "Succeeded", "TimedOut")
            ),
            *(
                f"{kind}{what}Time"
                for kind in ("Activity", "LambdaFunction", "ServiceIntegration")
                for what in ("", "Run", "Schedule")
            ),
            *(f"Executions{end}" for end in ("Aborted", "Failed", "Redriven", "Started", "Succeeded", "TimedOut")),
            *(f"RedrivenExecutions{end}" for end in ("Aborted", "Failed", "Succeeded", "TimedOut")),
            *(f"ExpressExecution{what}" for what in ("BilledDuration", "BilledMemory", "Memory")),
            *(f"Open{what}" for what in ("ExecutionCount", "ExecutionLimit", "MapRunCount", "MapRunLimit")),
            *("ActivitiesHeartbeatTimedOut", "ApproximateMapRunBacklogSize", "ApproximateOpenMapRunCount"),
            *("ConsumedCapacity", "ExecutionThrottled", "ExecutionTime", "InflightMapRunSize"),
            *("ApproximateOpenExecutionCount", "ProvisionedBucketSize", "ProvisionedRefillRate", "ThrottledEvents"),
        }
    ),
    "AWS/WAFV2": frozenset(
        {
            *(f"{action}Requests" for action in ("Allowed", "Blocked", "Captcha", "Challenge", "Counted", "Passed")),
            *(
                f"{kind}s{what}{how}"
                for kind in ("Captcha", "Challenge")
                for what in ("Attempted", "Solved")
                for how in ("", "Sdk")
            ),
            *(f"RequestsWithValid{kind}Token" for kind in ("Captcha", "Challenge")),
        }
    ),
    "ECS/ContainerInsights": frozenset(
        {
            *(f"{what}{state}" for what in ("Cpu", "Memory") for state in ("Reserved", "Utilization", "Utilized")),
            *(f"EphemeralStorage{state}" for state in ("Reserved", "Utilization", "Utilized")),
            *(f"EBSFilesystem{what}" for what in ("Size", "Utilization", "Utilized")),
            *(f"Network{way}{what}" for way in ("Rx", "Tx") for what in ("Bytes", "Dropped", "Errors", "Packets")),
            *(f"Storage{way}Bytes" for way in ("Read", "Write")),
            *(f"{state}TaskCount" for state in ("Desired", "Pending", "Running")),
            *("DeploymentCount", "RestartCount", "ServiceCount", "UnHealthyContainerHealthStatus"),
        }
    ),
}
