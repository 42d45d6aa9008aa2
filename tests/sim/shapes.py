"""shapes.py - the members of Graph's alert evidence, as tables

SPDX-License-Identifier: MIT

One row for each evidence type and nested object of the Graph v1.0 schema
(microsoft.graph.security).  A row is "member:kind" words; without a kind the
member's value is a short name.  Kinds:
  guid time ip ip4 sha1 sha256 md5 upn user dom host dns dir file cmd url mac
  int pid port bool float hex text name    a value of that sort
  int64                                    a number near the end of its range
  labels                                   an open object
  @x                                       a nested object or evidence x
  *kind                                    a list of them
  =a/b/c                                   one of these words
"""

NESTED = {
    "comment": "comment:text createdByDisplayName:upn createdDateTime:time",
    "emailSender": "displayName domainName:dom emailAddress:upn",
    "fileDetails": "fileName:file filePath:dir filePublisher fileSize:int"
                   " issuer md5:md5 sha1:sha1 sha256:sha256 sha256Ac:sha256"
                   " signer",
    "geoLocation": "city countryName latitude:float longitude:float state",
    "servicePort": "appProtocol name nodePort:port port:port"
                   " protocol:=udp/tcp/sctp targetPort:port",
    "loggedOnUser": "accountName:user domainName:dom",
    "access": "accessDateTime:time accountId:guid ipAddress:ip"
              " resourceIdentifier:url",
    "stream": "name",
    "userAccount": "accountName:user activeDirectoryObjectGuid:guid"
                   " azureAdUserId:guid displayName domainName:dom"
                   " resourceAccessEvents:*@access tenantId:guid"
                   " userPrincipalName:upn userSid:sid",
    "vmMetadata": "cloudProvider:=azure/unknown resourceId:arm"
                  " subscriptionId:guid vmId:guid",
}

COMMON = ("createdDateTime:time"
          " verdict:=unknown/suspicious/malicious/Malicious/noThreatsFound"
          " remediationStatus:=none/remediated/prevented/blocked/notFound"
          "/active/unknownFutureValue"
          " remediationStatusDetails:text"
          " roles:*=compromised/source/destination/attacker/attacked"
          "/contextual detailedRoles:*name tags:*name")

EVIDENCE = {
    "activeDirectoryDomain": "activeDirectoryDomainName:dom"
        " trustedDomains:*@activeDirectoryDomain",
    "aiAgent": "agentId:guid agentName"
        " hostingPlatformType:=azureAIFoundry/copilotStudio/copilot"
        " instructions:text",
    "amazonResource": "amazonAccountId:int amazonResourceId:arn resourceName"
        " resourceType",
    "analyzedMessage": "antiSpamDirection:=Inbound/Outbound"
        " attachmentsCount:int deliveryAction:=Delivered/Blocked/Replaced"
        " deliveryLocation internetMessageId:msgid language:=en/de/ja"
        " networkMessageId:guid p1Sender:@emailSender p2Sender:@emailSender"
        " receivedDateTime:time recipientEmailAddress:upn senderIp:ip"
        " subject:text threatDetectionMethods:*name threats:*name"
        " urlCount:int urls:*url urn:arn",
    "azureResource": "resourceId:arm resourceName resourceType",
    "blobContainer": "name storageResource:@azureResource url:url",
    "blob": "blobContainer:@blobContainer etag:hex fileHashes:*@fileHash"
        " name:file url:url",
    "cloudApplication": "appId:int displayName instanceId:int64 instanceName"
        " saasAppId:int stream:@stream",
    "cloudLogonRequest": "requestId:guid",
    "cloudLogonSession": "account:@user browser deviceName:host"
        " operatingSystem previousLogonDateTime:time protocol sessionId:guid"
        " startUtcDateTime:time userAgent:text",
    "container": "args:*cmd command:*cmd containerId:hex"
        " image:@containerImage isPrivileged:bool name pod:@kubernetesPod",
    "containerImage": "digestImage:@containerImage imageId"
        " registry:@containerRegistry",
    "containerRegistry": "registry:dns",
    "device": "azureAdDeviceId:guid defenderAvStatus:=updated/notUpdated"
        "/disabled/unknown deviceDnsName:dns dnsDomain:dom"
        " firstSeenDateTime:time healthStatus:=active/inactive/noSensorData"
        " hostName:host ipInterfaces:*ip lastExternalIpAddress:ip"
        " lastIpAddress:ip loggedOnUsers:*@loggedOnUser mdeDeviceId:sha1"
        " ntDomain:dom onboardingStatus:=onboarded/canBeOnboarded osBuild:int"
        " osPlatform:=Windows10/Windows11/WindowsServer2022/Linux/macOS"
        " rbacGroupId:port rbacGroupName resourceAccessEvents:*@access"
        " riskScore:=none/low/medium/high version vmMetadata:@vmMetadata",
    "dns": "dnsServerIp:@ip domainName:dns hostIpAddress:@ip"
        " ipAddresses:*@ip",
    "file": "detectionStatus:=detected/blocked/prevented"
        " fileDetails:@fileDetails mdeDeviceId:sha1",
    "fileHash": "algorithm:=md5/sha1/sha256/sha256ac value:sha256",
    "gitHubOrganization": "company displayName email:upn login:user orgId:int"
        " webUrl:url",
    "gitHubRepo": "baseUrl:url login:user owner:user"
        " ownerType:=user/organization repoId:int",
    "gitHubUser": "email:upn login:user name userId:int webUrl:url",
    "googleCloudResource": "fullResourceName:arn location"
        " locationType:=regional/zonal/global projectId projectNumber:int64"
        " resourceName resourceType",
    "hostLogonSession": "account:@user endUtcDateTime:time host:@device"
        " sessionId:hex startUtcDateTime:time",
    "ioTDevice": "deviceId:guid deviceName:host devicePageLink:url"
        " deviceSubType deviceType importance:=low/normal/high"
        " ioTHub:@azureResource ioTSecurityAgentId:guid ipAddress:@ip"
        " isAuthorized:bool isProgramming:bool isScanner:bool macAddress:mac"
        " manufacturer model nics:*@nic operatingSystem owners:*name"
        " protocols:*name purdueLayer sensor serialNumber:hex site source"
        " sourceRef:@url zone",
    "ip": "countryLetterCode:=DE/US/JP/BR ipAddress:ip location:@geoLocation"
        " stream:@stream",
    "kubernetesCluster": "cloudResource:@azureResource distribution name"
        " platform:=aks/eks/gke/arc version",
    "kubernetesController": "labels:labels name"
        " namespace:@kubernetesNamespace type",
    "kubernetesNamespace": "cluster:@kubernetesCluster labels:labels name",
    "kubernetesPod": "containers:*@container controller:@kubernetesController"
        " ephemeralContainers:*@container initContainers:*@container"
        " labels:labels name namespace:@kubernetesNamespace podIp:@ip"
        " serviceAccount:@kubernetesServiceAccount",
    "kubernetesSecret": "name namespace:@kubernetesNamespace secretType",
    "kubernetesServiceAccount": "name namespace:@kubernetesNamespace",
    "kubernetesService": "clusterIP:@ip externalIPs:*@ip labels:labels name"
        " namespace:@kubernetesNamespace selector:labels"
        " servicePorts:*@servicePort serviceType:=clusterIP/nodePort",
    "mailCluster": "clusterBy:text clusterByValue:text emailCount:int"
        " networkMessageIds:*guid query:text urn:arn",
    "mailboxConfiguration": "configurationId"
        " configurationType:=mailForwardingRule/userInboxRule displayName"
        " externalDirectoryObjectId:guid mailboxPrimaryAddress:upn upn:upn",
    "mailbox": "displayName primaryAddress:upn upn:upn"
        " userAccount:@userAccount",
    "malware": "category files:*@file name:threat processes:*@process",
    "networkConnection": "destinationAddress:@ip destinationPort:port"
        " protocol:=tcp/udp sourceAddress:@ip sourcePort:port",
    "nic": "ipAddress:@ip macAddress:mac vlans:*name",
    "oauthApplication": "appId:guid displayName objectId:guid publisher",
    "process": "detectionStatus:=detected/blocked/prevented"
        " imageFile:@fileDetails mdeDeviceId:sha1"
        " parentProcessCreationDateTime:time parentProcessId:pid"
        " parentProcessImageFile:@fileDetails processCommandLine:cmd"
        " processCreationDateTime:time processId:pid"
        " userAccount:@userAccount",
    "registryKey": "registryHive:hive registryKey:regkey",
    "registryValue": "mdeDeviceId:sha1 registryHive:hive registryKey:regkey"
        " registryValue:cmd registryValueName registryValueType:=String/Dword",
    "sasToken": "allowedIpAddresses:ip allowedResourceTypes:*name"
        " allowedServices:*name expiryDateTime:time permissions:*name protocol"
        " signatureHash:sha256 signedWith startDateTime:time"
        " storageResource:@azureResource",
    "securityGroup": "activeDirectoryObjectGuid:guid displayName"
        " distinguishedName:dn friendlyName securityGroupId:guid sid:sid",
    "servicePrincipal": "appId:guid appOwnerTenantId:guid"
        " servicePrincipalName servicePrincipalObjectId:guid"
        " servicePrincipalType:=application/managedIdentity tenantId:guid",
    "submissionMail": "networkMessageId:guid recipient:upn reportType"
        " sender:upn senderIp:ip subject:text submissionDateTime:time"
        " submissionId:guid submitter:upn",
    "teamsMessage": "campaignId:guid channelId"
        " deliveryAction:=delivered/blocked"
        " deliveryLocation:=teams/quarantine files:*@file groupId:guid"
        " isExternal:bool isOwned:bool lastModifiedDateTime:time"
        " messageDirection:=inbound/outbound/intraorg messageId:int"
        " owningTenantId:guid parentMessageId:int receivedDateTime:time"
        " recipients:*upn senderFromAddress:upn senderIP:ip sourceAppName"
        " sourceId:guid subject:text suspiciousRecipients:*upn threadId"
        " threadType urls:*@url",
    "url": "url:url",
    "user": "stream:@stream userAccount:@userAccount",
}

# What a product raises: service source, detection source, product name,
# id prefix, categories, evidence that such an alert always has.
PRODUCTS = (
    ("microsoftDefenderForEndpoint", "antivirus",
     "Microsoft Defender for Endpoint", "da",
     ("Malware", "DefenseEvasion", "Ransomware"), ("device", "file")),
    ("microsoftDefenderForEndpoint", "microsoftDefenderForEndpoint",
     "Microsoft Defender for Endpoint", "da",
     ("Execution", "CredentialAccess", "Persistence"),
     ("device", "process", "user")),
    ("microsoftDefenderForOffice365", "microsoftDefenderForOffice365",
     "Microsoft Defender for Office 365", "fa",
     ("InitialAccess",), ("user", "mailbox", "analyzedMessage", "url")),
    ("microsoftDefenderForIdentity", "microsoftDefenderForIdentity",
     "Microsoft Defender for Identity", "aa",
     ("Discovery", "LateralMovement"), ("user", "device", "ip")),
    ("microsoftDefenderForCloudApps", "cloudAppSecurity",
     "Microsoft Defender for Cloud Apps", "ca",
     ("Exfiltration", "SuspiciousActivity"), ("cloudApplication", "user")),
    ("azureAdIdentityProtection", "azureAdIdentityProtection",
     "AAD Identity Protection", "ad",
     ("InitialAccess", "CredentialAccess"), ("user", "ip")),
    ("microsoft365Defender", "customDetection", "Microsoft 365 Defender",
     "ed", ("CommandAndControl", "Exfiltration"), ("device", "url", "ip")),
    ("microsoftAppGovernance", "appGovernancePolicy",
     "Microsoft Application Protection", "ma",
     ("Collection",), ("oauthApplication",)),
    ("dataLossPrevention", "microsoftDataLossPrevention",
     "Microsoft Data Loss Prevention", "dl",
     ("Exfiltration",), ("user", "file")),
    ("unknownFutureValue", "unknownFutureValue",
     "Microsoft Defender for Cloud", "dc",
     ("PrivilegeEscalation", "Impact"), ("azureResource", "ip")),
    ("microsoftSentinel", "scheduledAlerts", "Microsoft Sentinel", "sn",
     ("UnknownFutureValue", "Impact"), ("user", "networkConnection")),
)

TITLES = (
    "Credential dumping tool started from a share",
    "Hidden scheduled task on {host}",
    "'Contosobot' malware was prevented",
    "Sign-in from an address nobody has used before",
    "Mailbox rule forwards to outside | {upn}",
    "Service installed with key=value command line",
    "Script host started C:\\Users\\Public\\run.js",
    "Messages with a harmful link were removed after delivery",
    "Many files renamed within a minute",
    "Beacon-like traffic to {ip}",
    "Directory enumeration by {user}",
    "Verdächtige Anmeldung für Benutzer „{user}“",
    "不審なプロセスの実行 ({host})",
    "Подозрительный вход в систему",
    "تسجيل دخول مشبوه",
    "Token theft suspected \U0001f575\ufe0f\u200d\u2642\ufe0f",
)

SENTENCES = (
    "A process that is seldom seen in this organization was started.",
    "The account had not signed in for several weeks.",
    "Nothing else on the device explains the connection.",
    "The file was written a few seconds before it was run.",
    "The same address was seen with three other accounts.",
    "An administrator has to look at the approval request.",
    "The rule moves every message to \"RSS Feeds\" and marks it as read.",
    "Path: C:\\ProgramData\\tmp\\a.exe; switch /q=1 | /norestart",
)

MARKS = (
    # what a field of an alert can hold and a log line must survive
    "\r\n- Isolate the device\r\n- Reset the password\r\n",
    "\tcolumn one\tcolumn two\t",
    " a=b | c=d \\ e\\\\f \\= \\| \\n ",
    "<a href=\"https://security.microsoft.com/x?a=1&b=2\">here</a>",
    "\nCEF:0|Contoso|Forged|1.0|666|forged event|10|msg=forged",
    "\r<14>Jan  1 00:00:00 forged CEF:0|Contoso|Forged|1|1|forged|10|",
    " \ufffd\ufffd \u2028\u2029\u0085 ",
    " \U0001f4a3\U0001f9e8 e\u0301 \u202edetrevni\u202c ",
    " \x00\x01\x07\x1b[31mred\x1b[0m\x7f ",
    " ends with a backslash \\",
    " ends with a pipe |",
    "   ",
)
