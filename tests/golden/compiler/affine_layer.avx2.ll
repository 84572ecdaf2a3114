define internal void @contract_1(ptr noalias %a0, ptr noalias %a1, ptr noalias %a2, ptr noalias %a3) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v86, %b1 ]
  %v4 = phi ptr [ %a0, %entry ], [ %v84, %b1 ]
  %v5 = phi ptr [ %a1, %entry ], [ %v85, %b1 ]
  %v6 = phi <8 x float> [ zeroinitializer, %entry ], [ %v60, %b1 ]
  %v7 = phi <8 x float> [ zeroinitializer, %entry ], [ %v61, %b1 ]
  %v8 = phi <8 x float> [ zeroinitializer, %entry ], [ %v62, %b1 ]
  %v9 = phi <8 x float> [ zeroinitializer, %entry ], [ %v67, %b1 ]
  %v10 = phi <8 x float> [ zeroinitializer, %entry ], [ %v68, %b1 ]
  %v11 = phi <8 x float> [ zeroinitializer, %entry ], [ %v69, %b1 ]
  %v12 = phi <8 x float> [ zeroinitializer, %entry ], [ %v74, %b1 ]
  %v13 = phi <8 x float> [ zeroinitializer, %entry ], [ %v75, %b1 ]
  %v14 = phi <8 x float> [ zeroinitializer, %entry ], [ %v76, %b1 ]
  %v15 = phi <8 x float> [ zeroinitializer, %entry ], [ %v81, %b1 ]
  %v16 = phi <8 x float> [ zeroinitializer, %entry ], [ %v82, %b1 ]
  %v17 = phi <8 x float> [ zeroinitializer, %entry ], [ %v83, %b1 ]
  %v18 = load <8 x float>, ptr %v5, align 4
  %v19 = getelementptr i8, ptr %v5, i64 32
  %v20 = load <8 x float>, ptr %v19, align 4
  %v21 = getelementptr i8, ptr %v5, i64 64
  %v22 = load <8 x float>, ptr %v21, align 4
  %v23 = load float, ptr %v4, align 4
  %v24 = insertelement <8 x float> poison, float %v23, i64 0
  %v25 = shufflevector <8 x float> %v24, <8 x float> poison, <8 x i32> zeroinitializer
  %v26 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v25, <8 x float> %v18, <8 x float> %v6)
  %v27 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v25, <8 x float> %v20, <8 x float> %v7)
  %v28 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v25, <8 x float> %v22, <8 x float> %v8)
  %v29 = getelementptr i8, ptr %v4, i64 32
  %v30 = load float, ptr %v29, align 4
  %v31 = insertelement <8 x float> poison, float %v30, i64 0
  %v32 = shufflevector <8 x float> %v31, <8 x float> poison, <8 x i32> zeroinitializer
  %v33 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v32, <8 x float> %v18, <8 x float> %v9)
  %v34 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v32, <8 x float> %v20, <8 x float> %v10)
  %v35 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v32, <8 x float> %v22, <8 x float> %v11)
  %v36 = getelementptr i8, ptr %v4, i64 64
  %v37 = load float, ptr %v36, align 4
  %v38 = insertelement <8 x float> poison, float %v37, i64 0
  %v39 = shufflevector <8 x float> %v38, <8 x float> poison, <8 x i32> zeroinitializer
  %v40 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v39, <8 x float> %v18, <8 x float> %v12)
  %v41 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v39, <8 x float> %v20, <8 x float> %v13)
  %v42 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v39, <8 x float> %v22, <8 x float> %v14)
  %v43 = getelementptr i8, ptr %v4, i64 96
  %v44 = load float, ptr %v43, align 4
  %v45 = insertelement <8 x float> poison, float %v44, i64 0
  %v46 = shufflevector <8 x float> %v45, <8 x float> poison, <8 x i32> zeroinitializer
  %v47 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v46, <8 x float> %v18, <8 x float> %v15)
  %v48 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v46, <8 x float> %v20, <8 x float> %v16)
  %v49 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v46, <8 x float> %v22, <8 x float> %v17)
  %v50 = getelementptr i8, ptr %v5, i64 96
  %v51 = load <8 x float>, ptr %v50, align 4
  %v52 = getelementptr i8, ptr %v5, i64 128
  %v53 = load <8 x float>, ptr %v52, align 4
  %v54 = getelementptr i8, ptr %v5, i64 160
  %v55 = load <8 x float>, ptr %v54, align 4
  %v56 = getelementptr i8, ptr %v4, i64 4
  %v57 = load float, ptr %v56, align 4
  %v58 = insertelement <8 x float> poison, float %v57, i64 0
  %v59 = shufflevector <8 x float> %v58, <8 x float> poison, <8 x i32> zeroinitializer
  %v60 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v59, <8 x float> %v51, <8 x float> %v26)
  %v61 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v59, <8 x float> %v53, <8 x float> %v27)
  %v62 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v59, <8 x float> %v55, <8 x float> %v28)
  %v63 = getelementptr i8, ptr %v4, i64 36
  %v64 = load float, ptr %v63, align 4
  %v65 = insertelement <8 x float> poison, float %v64, i64 0
  %v66 = shufflevector <8 x float> %v65, <8 x float> poison, <8 x i32> zeroinitializer
  %v67 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v66, <8 x float> %v51, <8 x float> %v33)
  %v68 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v66, <8 x float> %v53, <8 x float> %v34)
  %v69 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v66, <8 x float> %v55, <8 x float> %v35)
  %v70 = getelementptr i8, ptr %v4, i64 68
  %v71 = load float, ptr %v70, align 4
  %v72 = insertelement <8 x float> poison, float %v71, i64 0
  %v73 = shufflevector <8 x float> %v72, <8 x float> poison, <8 x i32> zeroinitializer
  %v74 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v73, <8 x float> %v51, <8 x float> %v40)
  %v75 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v73, <8 x float> %v53, <8 x float> %v41)
  %v76 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v73, <8 x float> %v55, <8 x float> %v42)
  %v77 = getelementptr i8, ptr %v4, i64 100
  %v78 = load float, ptr %v77, align 4
  %v79 = insertelement <8 x float> poison, float %v78, i64 0
  %v80 = shufflevector <8 x float> %v79, <8 x float> poison, <8 x i32> zeroinitializer
  %v81 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v80, <8 x float> %v51, <8 x float> %v47)
  %v82 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v80, <8 x float> %v53, <8 x float> %v48)
  %v83 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v80, <8 x float> %v55, <8 x float> %v49)
  %v84 = getelementptr i8, ptr %v4, i64 8
  %v85 = getelementptr i8, ptr %v5, i64 192
  %v86 = add nuw nsw i64 %v3, 2
  %v87 = icmp slt i64 %v86, 8
  br i1 %v87, label %b1, label %b2
b2:
  %v88 = load <8 x float>, ptr %a2, align 4
  %v89 = fadd <8 x float> %v60, %v88
  %v90 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v89
  %v91 = select <8 x i1> %v90, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v89
  store <8 x float> %v91, ptr %a3, align 4
  %v92 = getelementptr i8, ptr %a2, i64 32
  %v93 = load <8 x float>, ptr %v92, align 4
  %v94 = fadd <8 x float> %v61, %v93
  %v95 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v94
  %v96 = select <8 x i1> %v95, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v94
  %v97 = getelementptr i8, ptr %a3, i64 32
  store <8 x float> %v96, ptr %v97, align 4
  %v98 = getelementptr i8, ptr %a2, i64 64
  %v99 = load <8 x float>, ptr %v98, align 4
  %v100 = fadd <8 x float> %v62, %v99
  %v101 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v100
  %v102 = select <8 x i1> %v101, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v100
  %v103 = getelementptr i8, ptr %a3, i64 64
  store <8 x float> %v102, ptr %v103, align 4
  %v104 = fadd <8 x float> %v67, %v88
  %v105 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v104
  %v106 = select <8 x i1> %v105, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v104
  %v107 = getelementptr i8, ptr %a3, i64 96
  store <8 x float> %v106, ptr %v107, align 4
  %v108 = fadd <8 x float> %v68, %v93
  %v109 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v108
  %v110 = select <8 x i1> %v109, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v108
  %v111 = getelementptr i8, ptr %a3, i64 128
  store <8 x float> %v110, ptr %v111, align 4
  %v112 = fadd <8 x float> %v69, %v99
  %v113 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v112
  %v114 = select <8 x i1> %v113, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v112
  %v115 = getelementptr i8, ptr %a3, i64 160
  store <8 x float> %v114, ptr %v115, align 4
  %v116 = fadd <8 x float> %v74, %v88
  %v117 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v116
  %v118 = select <8 x i1> %v117, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v116
  %v119 = getelementptr i8, ptr %a3, i64 192
  store <8 x float> %v118, ptr %v119, align 4
  %v120 = fadd <8 x float> %v75, %v93
  %v121 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v120
  %v122 = select <8 x i1> %v121, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v120
  %v123 = getelementptr i8, ptr %a3, i64 224
  store <8 x float> %v122, ptr %v123, align 4
  %v124 = fadd <8 x float> %v76, %v99
  %v125 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v124
  %v126 = select <8 x i1> %v125, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v124
  %v127 = getelementptr i8, ptr %a3, i64 256
  store <8 x float> %v126, ptr %v127, align 4
  %v128 = fadd <8 x float> %v81, %v88
  %v129 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v128
  %v130 = select <8 x i1> %v129, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v128
  %v131 = getelementptr i8, ptr %a3, i64 288
  store <8 x float> %v130, ptr %v131, align 4
  %v132 = fadd <8 x float> %v82, %v93
  %v133 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v132
  %v134 = select <8 x i1> %v133, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v132
  %v135 = getelementptr i8, ptr %a3, i64 320
  store <8 x float> %v134, ptr %v135, align 4
  %v136 = fadd <8 x float> %v83, %v99
  %v137 = fcmp ogt <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v136
  %v138 = select <8 x i1> %v137, <8 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <8 x float> %v136
  %v139 = getelementptr i8, ptr %a3, i64 352
  store <8 x float> %v138, ptr %v139, align 4
  ret void
}

define internal void @step(ptr %arena, ptr %a1, ptr %a2, ptr %a3) #1 {
entry:
  call void @contract_1(ptr %a1, ptr %a2, ptr %a3, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = alloca i32, align 4
  %v2 = alloca i32, align 4
  call void @llvm.x86.sse.stmxcsr(ptr %v1)
  %v3 = load i32, ptr %v1, align 4
  %v4 = or i32 %v3, 32832
  store i32 %v4, ptr %v2, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr %v2)
  %v5 = load ptr, ptr %table, align 8
  %v6 = getelementptr i8, ptr %table, i64 8
  %v7 = load ptr, ptr %v6, align 8
  %v8 = getelementptr i8, ptr %table, i64 16
  %v9 = load ptr, ptr %v8, align 8
  call void @step(ptr %arena, ptr %v5, ptr %v7, ptr %v9)
  call void @llvm.x86.sse.ldmxcsr(ptr %v1)
  ret void
}

declare <8 x float> @llvm.fma.v8f32(<8 x float>, <8 x float>, <8 x float>)
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="256" "min-legal-vector-width"="256" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="256" "min-legal-vector-width"="256" "no-trapping-math"="true" }
