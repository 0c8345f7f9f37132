//! ML activities: what people do, in the words of `SageMaker`'s role manager.

/// An ML activity, as `SageMaker`'s role manager names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the name of the activity in the role manager")]
pub enum Activity {
    RunStudioApps,
    ManageMlJobs,
    ManageModels,
    ManageEndpoints,
    ManagePipelines,
    ManageExperiments,
    SearchExperiments,
    ManageModelMonitoring,
    AccessAwsServices,
    S3Access,
    QueryAthena,
    ManageGlueTables,
}

impl Activity {
    /// Every activity with its name in the map.
    pub const ALL: [(&'static str, Self); 12] = [
        ("run-studio-apps", Self::RunStudioApps),
        ("manage-ml-jobs", Self::ManageMlJobs),
        ("manage-models", Self::ManageModels),
        ("manage-endpoints", Self::ManageEndpoints),
        ("manage-pipelines", Self::ManagePipelines),
        ("manage-experiments", Self::ManageExperiments),
        ("search-experiments", Self::SearchExperiments),
        ("manage-model-monitoring", Self::ManageModelMonitoring),
        ("access-aws-services", Self::AccessAwsServices),
        ("s3-access", Self::S3Access),
        ("query-athena", Self::QueryAthena),
        ("manage-glue-tables", Self::ManageGlueTables),
    ];

    /// Its name in the map.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, activity)| *activity == self).map_or("", |(name, _)| name)
    }

    /// Its name in the role manager.
    pub fn title(self) -> &'static str {
        match self {
            Self::RunStudioApps => "Run Studio Applications",
            Self::ManageMlJobs => "Manage ML Jobs",
            Self::ManageModels => "Manage Models",
            Self::ManageEndpoints => "Manage Endpoints",
            Self::ManagePipelines => "Manage Pipelines",
            Self::ManageExperiments => "Manage Experiments",
            Self::SearchExperiments => "Search and Visualize Experiments",
            Self::ManageModelMonitoring => "Manage Model Monitoring",
            Self::AccessAwsServices => "Access Required AWS Services",
            Self::S3Access => "S3 Bucket Access",
            Self::QueryAthena => "Query Athena Workgroups",
            Self::ManageGlueTables => "Manage Glue Tables",
        }
    }

    /// What of a [`Scope`](super::Scope) it is nothing without.
    pub fn needs(self) -> Option<Need> {
        match self {
            Self::AccessAwsServices | Self::S3Access | Self::ManageGlueTables => {
                Some(Need::Buckets)
            }
            Self::QueryAthena => Some(Need::Workgroups),
            _ => None,
        }
    }
}

/// What an activity is nothing without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// S3 buckets.
    Buckets,
    /// Athena workgroups.
    Workgroups,
}

/// A set of activities that the role manager has ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyMade {
    /// Its name in the map.
    pub name: &'static str,
    /// Its activities, in the order of the role manager.
    pub activities: &'static [Activity],
}

/// The role manager's personas.
pub const READY_MADE: [ReadyMade; 3] = [
    ReadyMade {
        name: "data-scientist",
        activities: &[
            Activity::RunStudioApps,
            Activity::ManageMlJobs,
            Activity::ManageModels,
            Activity::ManageExperiments,
            Activity::SearchExperiments,
            Activity::S3Access,
        ],
    },
    ReadyMade {
        name: "mlops",
        activities: &[
            Activity::RunStudioApps,
            Activity::ManageModels,
            Activity::ManageEndpoints,
            Activity::ManagePipelines,
            Activity::SearchExperiments,
        ],
    },
    ReadyMade { name: "compute", activities: &[Activity::AccessAwsServices] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_managers_personas_have_exactly_these_activities() {
        let of = |name: &str| {
            let found = READY_MADE.iter().find(|ready| ready.name == name).unwrap();
            found.activities.iter().map(|activity| activity.title()).collect::<Vec<_>>()
        };
        assert_eq!(
            of("data-scientist"),
            [
                "Run Studio Applications",
                "Manage ML Jobs",
                "Manage Models",
                "Manage Experiments",
                "Search and Visualize Experiments",
                "S3 Bucket Access",
            ]
        );
        assert_eq!(
            of("mlops"),
            [
                "Run Studio Applications",
                "Manage Models",
                "Manage Endpoints",
                "Manage Pipelines",
                "Search and Visualize Experiments",
            ]
        );
        assert_eq!(of("compute"), ["Access Required AWS Services"]);
    }

    #[test]
    fn every_activity_has_one_name() {
        let names: Vec<&str> = Activity::ALL.iter().map(|(_, activity)| activity.name()).collect();
        let listed: Vec<&str> = Activity::ALL.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, listed);
    }
}
