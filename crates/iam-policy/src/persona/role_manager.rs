//! What `SageMaker`'s role manager grants, where this crate differs from it, and why.

mod templates;

pub use templates::TEMPLATES;

use super::Activity;

/// A policy template of the role manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// The name of its policy.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// The activity it is of.
    pub activity: Activity,
    /// Which of its variants.
    pub variant: Variant,
    /// The actions it allows, with spaces between them.
    pub actions: &'static str,
}

/// A variant of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the role manager's own words")]
pub enum Variant {
    Plain,
    Kms,
    Vpc,
    VpcKms,
}

impl Variant {
    /// Whether it asks for a VPC.
    pub fn vpc(self) -> bool {
        matches!(self, Self::Vpc | Self::VpcKms)
    }

    /// Whether it asks for KMS keys.
    pub fn kms(self) -> bool {
        matches!(self, Self::Kms | Self::VpcKms)
    }
}

/// A way in which an activity differs from the role manager's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The activity; none: all of them.
    pub activity: Option<Activity>,
    /// What differs.
    pub what: &'static str,
    /// Actions granted besides, with spaces between them.
    pub added: &'static str,
    /// Actions not granted.
    pub removed: &'static str,
    /// Why.
    pub why: &'static str,
}

const fn narrowed(activity: Option<Activity>, what: &'static str, why: &'static str) -> Difference {
    Difference { activity, what, added: "", removed: "", why }
}

/// Every difference from the templates. A test holds them to be all.
pub const DIFFERENCES: [Difference; 22] = [
    narrowed(
        None,
        "Resources of SageMaker are those of the types that the actions are about, in the role's account and the Regions of its domains.",
        "The templates say `arn:aws:sagemaker:*:*:*/*`: every type, account and Region.",
    ),
    narrowed(
        None,
        "Everything is behind the team wall.",
        "The templates know no teams: any role manages what any other made.",
    ),
    Difference {
        activity: None,
        what: "Whoever makes something gives it tags.",
        added: "sagemaker:AddTags",
        removed: "",
        why: "Making something with tags needs `AddTags` too, and what carries no team's tag is nobody's. Only while making it (`sagemaker:TaggingAction`).",
    },
    Difference {
        activity: None,
        what: "With source identity, the role may keep it.",
        added: "sts:SetSourceIdentity",
        removed: "",
        why: "Where the domain names the person in the role's sessions, whatever the role assumes in turn must be told the same.",
    },
    narrowed(
        None,
        "`iam:PassRole` is for the team's own role, and for SageMaker only.",
        "Whoever passes another team's role works as that team.",
    ),
    narrowed(
        None,
        "KMS keys are asked for by `sagemaker:VolumeKmsKeyArn` and `sagemaker:OutputKmsKeyArn`.",
        "The templates use `VolumeKmsKey` and `OutputKmsKey`, which AWS has deprecated and replaced by these; its reference lists them with no action any more.",
    ),
    narrowed(
        None,
        "`kms:ViaService` names the Regions of the role's domains.",
        "Most templates say `sagemaker.*.amazonaws.com` and `s3.*.amazonaws.com`.",
    ),
    Difference {
        activity: Some(Activity::RunStudioApps),
        what: "Spaces, and the link into the own profile.",
        added: "sagemaker:CreatePresignedDomainUrl sagemaker:CreateSpace sagemaker:DeleteSpace sagemaker:DescribeSpace sagemaker:ListSpaces sagemaker:UpdateSpace",
        removed: "",
        why: "Studio runs its apps in spaces and opens them by a link that it makes as the execution role. Own spaces and the own profile only; the link only under the team's network rule, or Studio itself would be a way around it.",
    },
    Difference {
        activity: Some(Activity::RunStudioApps),
        what: "No role is passed.",
        added: "",
        removed: "iam:PassRole",
        why: "Version 1 of the template does, version 2 does not: an app runs as the role of its profile.",
    },
    Difference {
        activity: Some(Activity::ManageMlJobs),
        what: "Transform jobs can be stopped.",
        added: "sagemaker:StopTransformJob",
        removed: "",
        why: "The variants of the template allow it, the plain one does not; who starts a job must be able to stop it.",
    },
    narrowed(
        Some(Activity::ManageMlJobs),
        "With a VPC, transform jobs are not asked for one.",
        "`CreateTransformJob` carries no VPC, so the template's condition never lets one start; the job runs where its model does.",
    ),
    narrowed(
        Some(Activity::ManageMlJobs),
        "With limits on instance types, AutoML jobs cannot be started.",
        "They choose their instances themselves, and IAM has no key for them.",
    ),
    narrowed(
        Some(Activity::ManageModels),
        "Model package groups have names that begin with the team's key and two hyphens.",
        "A version of a model takes its group's tags and can be given none when it is made: only the name of the group says whose it becomes.",
    ),
    Difference {
        activity: Some(Activity::ManagePipelines),
        what: "Pipelines can be changed.",
        added: "sagemaker:UpdatePipeline",
        removed: "",
        why: "The SDK's `upsert` calls it whenever the pipeline is there already.",
    },
    narrowed(
        Some(Activity::ManagePipelines),
        "What is listed of one pipeline is listed on that pipeline.",
        "The template allows it on `*`; AWS checks the pipeline or the execution.",
    ),
    Difference {
        activity: Some(Activity::ManageModelMonitoring),
        what: "The VPC variant manages schedules like the others.",
        added: "sagemaker:DeleteMonitoringSchedule sagemaker:DescribeMonitoringSchedule sagemaker:DescribeProcessingJob sagemaker:StartMonitoringSchedule sagemaker:StopMonitoringSchedule sagemaker:StopProcessingJob",
        removed: "",
        why: "The template's VPC variant lacks the statement: what it makes it could not stop.",
    },
    narrowed(
        Some(Activity::AccessAwsServices),
        "Metrics of jobs go to jobs and trial components, images come from the given repositories, and network interfaces are made in the given subnets.",
        "The template allows `BatchPutMetrics`, `ListImages` and every EC2 action on `*`.",
    ),
    narrowed(
        Some(Activity::S3Access),
        "A bucket pattern means buckets of the role's account; a bucket of another account is given by its name.",
        "Anybody can make a bucket somewhere whose name fits a pattern. `S3 Full Access` is the pattern `*`.",
    ),
    Difference {
        activity: Some(Activity::S3Access),
        what: "Objects can be deleted.",
        added: "s3:DeleteObject",
        removed: "",
        why: "As in version 2 of `S3 Full Access`; version 1 lacks it.",
    },
    narrowed(
        Some(Activity::QueryAthena),
        "Workgroups and data catalogs are those of the role's account and Regions.",
        "The template allows any account's workgroup of that name, and metadata on `*`.",
    ),
    Difference {
        activity: Some(Activity::ManageGlueTables),
        what: "ACLs are set on objects, and read on buckets.",
        added: "s3:PutObjectAcl",
        removed: "s3:PutBucketAcl",
        why: "The template allows both bucket actions on objects, where they never match. The feature store hands its objects to the bucket's owner; nobody needs to rewrite a bucket's ACL.",
    },
    narrowed(
        Some(Activity::ManageGlueTables),
        "Tables of the feature store are those whose name begins with the team's key and two hyphens.",
        "All teams' tables are in one database, and tables carry no tags.",
    ),
];

/// Actions that the [wall](super::team_wall) does not tie to the team's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unwalled {
    /// The actions, without service, with spaces between them.
    pub actions: &'static str,
    /// Why that is harmless, or by what they are tied instead.
    pub why: &'static str,
}

/// Every `SageMaker` action that activities grant and the wall does not tie to the team's tag. A test
/// holds them to be all.
pub const UNWALLED: [Unwalled; 8] = [
    Unwalled {
        actions: "CreateApp CreateSpace DeleteApp DeleteSpace UpdateSpace",
        why: "By owner: the app or space is the own profile's, or an app in the team's shared space. Studio makes them without the team's tag unless the domain propagates tags.",
    },
    Unwalled { actions: "CreatePresignedDomainUrl", why: "By name: the own profile only." },
    Unwalled {
        actions: "CreateModelPackage",
        why: "By name: a version without tags goes into a group whose name is the team's.",
    },
    Unwalled {
        actions: "AddTags",
        why: "On what is being made, which carries no tag yet; the team's tag can only be set to the team.",
    },
    Unwalled { actions: "DescribeDomain", why: "A domain is everybody's who is in it." },
    Unwalled {
        actions: "DescribeApp DescribeSpace",
        why: "Reads settings. SageMaker tells the owner of an app or space only when it is made, changed or deleted; those that carry another team's tag cannot be read.",
    },
    Unwalled {
        actions: "ListAppImageConfigs ListApps ListAutoMLJobs ListCandidatesForAutoMLJob ListDomains ListEndpointConfigs ListEndpoints ListHyperParameterTuningJobs ListModelPackageGroups ListModelPackages ListModels ListMonitoringSchedules ListPipelineExecutionSteps ListPipelineExecutions ListPipelineParametersForExecution ListPipelines ListProcessingJobs ListSpaces ListTrainingJobs ListTrainingJobsForHyperParameterTuningJob ListTransformJobs ListUserProfiles",
        why: "Lists names and states. IAM cannot narrow a list to some of its items; those of one resource that carries another team's tag are refused.",
    },
    Unwalled {
        actions: "DescribeLineageGroup GetLineageGroupPolicy GetSearchSuggestions ListActions ListArtifacts ListAssociations ListContexts ListExperiments ListLineageGroups ListTrialComponents ListTrials QueryLineage Search",
        why: "Reads metadata of the whole account: names, parameters, metrics. IAM knows no resource of a search; `sagemaker:SearchVisibilityCondition` holds only for callers that send it, and lets through what carries no tag.",
    },
];

#[cfg(test)]
mod tests;
